#!/usr/bin/env node
// Uploads the pictures of a folder into a job: node upload.mjs FOLDER JOB_ID
//
//   PIXGATE_URL    the API, such as http://localhost:8080 (the default)
//   PIXGATE_TOKEN  a bearer token of verifyOtp(transport: TOKEN)
//
// Kill it and run it again: it goes on where it stopped. Nothing is kept for that here; the
// same file is the same upload, and the storage knows which parts it has. Needs Node 20.
//
// The server takes so many upload mutations a minute (RATE_LIMIT_UPLOAD, 120 where it is not
// set), and a picture needs two. The answers tell how many are left, and nobody asks for more.
import { createHash } from 'node:crypto'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { extname, join } from 'node:path'

const api = process.env.PIXGATE_URL ?? 'http://localhost:8080'
const token = process.env.PIXGATE_TOKEN
const [folder, jobId] = process.argv.slice(2)
if (!token || !folder || !jobId) {
  console.error('PIXGATE_TOKEN=pgs_… node upload.mjs FOLDER JOB_ID')
  process.exit(2)
}
const types = { '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.png': 'image/png', '.webp': 'image/webp' }
const atOnce = 3
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000))

// patient tries again, ever more slowly, what failed for reasons that pass. Being early is no
// try: the server has said until when to wait, and [Pace] does.
async function patient(attempt, tries = 8) {
  for (let n = 0; ; ) {
    try {
      return await attempt()
    } catch (err) {
      if (err.early) continue
      if (err.final || ++n >= tries) throw err
      await sleep(err.retryAfter ?? Math.min(2 ** n / 8, 20))
    }
  }
}

// Pace lets through as much as the server takes. All workers share one for each kind of request.
class Pace {
  left = NaN // how many the server would take at the moment `at`, those under way not counted; NaN: nobody knows
  at = 0 // ms
  perSecond = 0 // how many more each second; 0: this is no matter of speed
  until = 0 // ms: before that the server takes none
  underWay = 0
  told = 0 // ms, when somebody was told last that this waits
  line = Promise.resolve() // who comes first goes first

  // turn waits until a request may go.
  turn() {
    return (this.line = this.line.then(async () => {
      for (let wait = this.wait(); wait > 0; wait = this.wait()) {
        if (!Number.isNaN(this.left)) this.tell(wait)
        await sleep(wait)
      }
      if (this.perSecond) this.left = this.now() - 1
      this.at = Date.now()
      this.underWay++
    }))
  }

  // tell says that this waits: each long time, else twice a minute.
  tell(wait) {
    if (wait < 10 && Date.now() - this.told < 30_000) return
    this.told = Date.now()
    say(`waiting ${wait < 10 ? wait.toFixed(1) : Math.ceil(wait)} s: the server takes ${this.perSecond ? `about ${Math.round(this.perSecond * 60)} of these a minute` : 'no more for now'}`)
  }

  now() {
    return this.left + ((Date.now() - this.at) / 1000) * this.perSecond
  }

  // wait is how many seconds the next one must, at least.
  wait() {
    const closed = (this.until - Date.now()) / 1000
    if (closed > 0) return closed
    if (Number.isNaN(this.left)) return this.underWay ? 0.02 : 0 // the first goes alone, and brings the numbers
    return this.perSecond && this.now() < 1 ? (1 - this.now()) / this.perSecond : 0
  }

  // heard reads what an answer says: so many were left when it was written, and in so many
  // seconds it will be all again.
  heard({ status, headers }) {
    const [limit, remaining, reset, later] = ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after'].map((name) => Number(headers.get(name) ?? NaN))
    this.at = Date.now()
    this.left = remaining >= 0 ? remaining - this.underWay : 0
    const perSecond = (limit - remaining) / reset
    // Less than one in fifteen seconds counts what went wrong, and is no speed: past that, a 429 says how long to wait.
    this.perSecond = Number.isFinite(perSecond) && perSecond > 1 / 15 ? perSecond : 0
    if (status === 429 && later >= 0) this.until = Math.max(this.until, this.at + later * 1000)
    return status === 429 && later >= 0
  }
}
const paces = { mutation: new Pace(), query: new Pace() }

const ask = (query, variables) =>
  patient(async () => {
    const pace = query.startsWith('mutation') ? paces.mutation : paces.query
    await pace.turn()
    let answer
    let early = false
    try {
      answer = await fetch(`${api}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
      })
    } finally {
      pace.underWay--
      if (answer) early = pace.heard(answer)
    }
    if (early) {
      await answer.body?.cancel()
      throw Object.assign(new Error('the server takes no more for now'), { early })
    }
    const { data, errors } = await answer.json()
    if (!errors) return data
    const passes = answer.status === 429 || answer.status >= 500
    throw Object.assign(new Error(errors[0].message), { final: !passes, retryAfter: passes ? errors[0].extensions?.retryAfter : undefined })
  })

const upload = 'upload { id state method url headers { name value } partSize receivedParts { number } rejection { code message } } userErrors { message }'
const create = `mutation ($input: CreateUploadInput!) { it: createUpload(input: $input) { ${upload} } }`
const complete = `mutation ($input: CompleteUploadInput!) { it: completeUpload(input: $input) { ${upload} } }`
const sign = 'mutation ($input: SignUploadPartsInput!) { it: signUploadParts(input: $input) { parts { url headers { name value } } userErrors { message } } }'
const look = 'query ($id: ID!) { upload(id: $id) { id state rejection { code message } } }'

async function change(query, input) {
  const { it } = await ask(query, { input })
  if (it.userErrors.length) throw Object.assign(new Error(it.userErrors[0].message), { final: true })
  return it
}

// put sends bytes to the storage, which takes exactly those that were announced.
async function put({ url, headers }, body) {
  const answer = await fetch(url, { method: 'PUT', headers: Object.fromEntries(headers.map((h) => [h.name, h.value])), body })
  if (!answer.ok) throw new Error(`the storage answers ${answer.status}: ${(await answer.text()).slice(0, 200)}`)
}

async function digest(path) {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece)
  return hash.digest('hex')
}

async function piece(file, start, size) {
  const bytes = Buffer.alloc(size)
  await file.read(bytes, 0, size, start)
  return bytes
}

async function sendParts(path, size, announced, sent) {
  const file = await open(path)
  try {
    const there = new Set(announced.receivedParts.map((part) => part.number))
    for (let number = 1, start = 0; start < size; number++, start += announced.partSize) {
      const length = Math.min(announced.partSize, size - start)
      if (!there.has(number)) {
        const bytes = await piece(file, start, length)
        const sha256 = createHash('sha256').update(bytes).digest('hex')
        // A link lives for minutes: each try gets a fresh one.
        await patient(async () => put((await change(sign, { uploadId: announced.id, parts: [{ number, sha256 }] })).parts[0], bytes))
      }
      sent(length)
    }
  } finally {
    await file.close()
  }
}

async function send(name, sent) {
  const path = join(folder, name)
  const { size } = await stat(path)
  const input = { jobId, filename: name, contentType: types[extname(name).toLowerCase()], size, sha256: await digest(path) }
  let { upload: now } = await change(create, input)
  if (now.state === 'PENDING') {
    if (now.method === 'PARTS') {
      await sendParts(path, size, now, sent)
    } else {
      const bytes = await readFile(path)
      await patient(async () => {
        if (now.url) await put(now, bytes).catch(async (err) => {
          now = (await change(create, input)).upload // a fresh link
          throw err
        })
      })
      sent(size)
    }
    now = (await change(complete, { uploadId: now.id })).upload
  } else {
    sent(size)
  }
  for (let wait = 0.1; now.state === 'VERIFYING'; wait = Math.min(wait * 2, 3)) {
    await sleep(wait)
    now = (await ask(look, { id: now.id })).upload
  }
  if (now.state !== 'READY') throw new Error(now.rejection?.message ?? `it is ${now.state}`)
}

const names = (await readdir(folder).catch((err) => (console.error(`${folder} can't be read: ${err.code}`), process.exit(2)))).filter((name) => types[extname(name).toLowerCase()]).sort()
let total = 0
for (const name of names) total += (await stat(join(folder, name))).size
let done = 0
let ready = 0
function sent(bytes) {
  done += bytes
  const share = total ? done / total : 1
  const bar = '█'.repeat(Math.floor(share * 30)).padEnd(30, '░')
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${bar} ${Math.floor(share * 100)} %, ${ready} of ${names.length} taken in `)
}
function say(text) {
  if (process.stdout.isTTY) sent(0)
  process.stdout.write(process.stdout.isTTY ? `(${text})` : `${text}\n`)
}
const failed = []
const queue = [...names]
await Promise.all(Array.from({ length: atOnce }, async () => {
  for (let name = queue.shift(); name; name = queue.shift()) {
    await send(name, sent).then(() => ready++).catch((err) => failed.push(`${name}: ${err.message}`))
    sent(0)
  }
}))
console.log(`\n${ready} of ${names.length} pictures are in the job.`)
for (const line of failed) console.error(line)
process.exit(failed.length ? 1 : 0)
