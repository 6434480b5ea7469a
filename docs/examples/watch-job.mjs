// Watches a job and prints what changes in it: GraphQL over Server-Sent Events without any
// library. Node 20 or newer:
//
//   PIXGATE_URL=http://localhost:8080 PIXGATE_TOKEN=pgs_… node docs/examples/watch-job.mjs job_…
//
// It subscribes anew whenever the connection is cut; the first event is then RESYNC, which
// says: read again what you show. It ends where coming again is in vain.

const [job] = process.argv.slice(2)
const { PIXGATE_URL: url = 'http://localhost:8080', PIXGATE_TOKEN: token } = process.env
if (!job || !token) {
  console.error('usage: PIXGATE_URL=… PIXGATE_TOKEN=pgs_… node watch-job.mjs job_…')
  process.exit(2)
}

const query = `subscription Watch($job: ID!) {
  jobEvents(jobId: $job) {
    kind
    job { title status package { included used remaining extrasPending } }
    images { id filename selectionState released }
    uploads { id filename state rejection { message } }
  }
}`

// watch yields results until the server says that there are no more; it returns whether it did.
async function* watch() {
  const answer = await fetch(url + '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: 'Bearer ' + token },
    body: JSON.stringify({ query, variables: { job } }),
  })
  if (!answer.ok) { // refused before the first event: an answer like any other
    const { errors } = await answer.json()
    if (answer.status < 500 && answer.status !== 429) {
      yield { errors }
      return true
    }
    throw new Error(errors[0].message)
  }
  let text = ''
  for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
    text += part
    const frames = text.split('\n\n')
    text = frames.pop() // the beginning of the next one
    for (const frame of frames) {
      const field = (name) => frame.split('\n').find((line) => line.startsWith(name + ':'))?.slice(name.length + 1).trim()
      if (field('event') === 'complete') return true
      if (field('event') === 'next') yield JSON.parse(field('data'))
    }
  }
  return false // cut
}

for (let pause = 500; ; pause = Math.min(2 * pause, 30_000)) {
  let over = false
  try {
    const results = watch()
    for (let step = await results.next(); ; step = await results.next()) {
      if (step.done) {
        over = step.value
        break
      }
      if (step.value.errors) {
        console.log(`${step.value.errors[0].extensions.code}: ${step.value.errors[0].message}`)
        continue
      }
      pause = 500
      const { kind, job, images, uploads } = step.value.data.jobEvents
      const { used, included } = job.package
      console.log(`${kind} "${job.title}" ${job.status}, ${used} of ${included}`)
      for (const i of images) console.log(`  ${i.filename} ${i.selectionState}${i.released ? ', released' : ''}`)
      for (const u of uploads) console.log(`  ${u.filename} ${u.state}${u.rejection ? ': ' + u.rejection.message : ''}`)
    }
  } catch (err) {
    console.error(`cut: ${err.message}`)
  }
  if (over) break
  await new Promise((again) => setTimeout(again, pause * (0.5 + Math.random())))
}
