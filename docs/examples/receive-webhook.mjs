// Receives pixgate's webhooks. Plain Node, no packages:
//
//   WEBHOOK_SECRET=whsec_… PORT=8080 node receive-webhook.mjs
//
// Put it behind something that speaks TLS.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const key = Buffer.from((process.env.WEBHOOK_SECRET ?? '').replace(/^whsec_/, ''), 'base64')
if (key.length < 24) throw new Error('set WEBHOOK_SECRET to what createWebhook showed')

const tolerance = 5 * 60 // seconds that a timestamp may be off
const largest = 64 * 1024 // bytes of a body
const seen = new Map() // ids of events, and when they came; a program with several processes keeps them in its database

// verify returns whether a body is pixgate's, and of now. body: the bytes as they came.
function verify(headers, body, now = Date.now() / 1000) {
  const id = headers['webhook-id'] ?? ''
  const at = headers['webhook-timestamp'] ?? ''
  if (!id || !/^\d{1,12}$/.test(at) || Math.abs(now - Number(at)) > tolerance) return false
  const want = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest()
  let right = false
  for (const one of (headers['webhook-signature'] ?? '').split(' ').slice(0, 10)) {
    if (!one.startsWith('v1,')) continue
    const got = Buffer.from(one.slice(3), 'base64')
    if (got.length === want.length && timingSafeEqual(got, want)) right = true
  }
  return right
}

// isNew returns whether an event was not seen before, and remembers it for as long as pixgate tries.
function isNew(id, now = Date.now()) {
  for (const [old, at] of seen) {
    if (now - at < 4 * 24 * 3600 * 1000) break // the map is in order of time
    seen.delete(old)
  }
  if (seen.has(id)) return false
  seen.set(id, now)
  return true
}

async function read(request) {
  const chunks = []
  let length = 0
  for await (const chunk of request) {
    if ((length += chunk.length) > largest) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const server = createServer(async (request, response) => {
  const end = (status) => response.writeHead(status).end()
  if (request.method !== 'POST') return end(405)
  const body = await read(request)
  if (body === null) return end(413)
  if (!verify(request.headers, body)) return end(401)
  end(204) // first the answer, then the work
  if (!isNew(request.headers['webhook-id'])) return
  const event = JSON.parse(body)
  console.log(event.type, JSON.stringify(event.data))
})
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => console.log('listening on', server.address().port))
