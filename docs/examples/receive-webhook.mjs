// Receives pixgate's webhooks. Plain Node, no packages:
//
//   WEBHOOK_SECRET=whsec_… PORT=8787 node receive-webhook.mjs
//
// Put it behind something that speaks TLS.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const key = Buffer.from((process.env.WEBHOOK_SECRET ?? '').replace(/^whsec_/, ''), 'base64')
if (key.length < 24) throw new Error('set WEBHOOK_SECRET to what createWebhook showed')

const tolerance = 5 * 60 // seconds that a timestamp may be off
const largest = 64 * 1024 // bytes of a body
const remembered = 31 * 24 * 3600 * 1000 // ms: for 30 days an admin can have an event delivered again
const seen = new Map() // ids of events, and when they came; a program that restarts, or is several, keeps them in its database

// What is done with an event, by its type. There may be more types one day: what is not here is taken, and let go.
const tell = (event) => console.log(event.type, JSON.stringify(event.data))
const work = new Map(['image.released', 'job.ready', 'download.finished', 'security.alert', 'webhook.test'].map((type) => [type, tell]))

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

// isNew returns whether an event was not seen before, and remembers it for as long as it can come again.
function isNew(id, now = Date.now()) {
  for (const [old, at] of seen) {
    if (now - at < remembered) break // the map is in order of time
    seen.delete(old)
  }
  if (seen.has(id)) return false
  seen.set(id, now)
  return true
}

// read returns a body, or null where it is too large. It fails where the caller hangs up before the end.
async function read(request) {
  const chunks = []
  let length = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) { // destroyed, nobody would hear the 413
    if ((length += chunk.length) > largest) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

// parse returns an event; null: the body is none.
function parse(body) {
  try {
    const event = JSON.parse(body)
    return typeof event?.type === 'string' ? event : null
  } catch {
    return null
  }
}

async function receive(request, response) {
  const end = (status, headers) => response.writeHead(status, headers).end()
  if (request.method !== 'POST') return end(405, { connection: 'close' })
  const body = await read(request)
  if (body === null) return end(413, { connection: 'close' })
  if (!verify(request.headers, body)) return end(401)
  const event = parse(body)
  if (event === null) return end(400)
  end(204) // first the answer, then the work; what must not be lost is written down before the answer
  if (isNew(request.headers['webhook-id'])) await work.get(event.type)?.(event)
}

// Nobody's request ends the program: not one that is cut off, and not one whose work fails.
const server = createServer((request, response) => {
  receive(request, response).catch((err) => {
    console.error('a request came to nothing:', err.message)
    response.destroy()
  })
})
server.requestTimeout = 10_000 // ms for a whole request
server.listen(Number(process.env.PORT ?? 8787), '127.0.0.1', () => console.log('listening on', server.address().port))
