// Booking a shoot from a form that somebody fills in before signing in: the draft stays in
// the page, the address is proven in between, and the booking belongs to whoever proved it.
// No address goes into createBooking: the session says whose it is.

/** A caller of the API at `api`, such as "https://api.pix.immo". The token lives in memory alone. */
export function studio(api, device) {
  let token = ''

  async function ask(query, input) {
    const response = await fetch(api + '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: 'Bearer ' + token }) },
      body: JSON.stringify({ query, variables: { input } }),
    })
    const { data, errors } = await response.json()
    if (errors) throw new Refused(errors[0])
    return data
  }

  return {
    /** What can be booked; asked for before anybody has signed in. */
    packages: async () => (await ask('{ packages { key name description includedImages allImagesIncluded extraPrice currency } }')).packages,

    /** Has a code mailed, and returns what it is entered with. The answer is the same for every address. */
    code: async (email) => (await ask(
      'mutation($input: RequestOtpInput!) { requestOtp(input: $input) { challengeId retryAfter } }',
      { email, device, locale: 'DE' })).requestOtp.challengeId,

    /** Signs in; the address is proven from here on. */
    enter: async (challengeId, code) => {
      const { verifyOtp } = await ask(
        'mutation($input: VerifyOtpInput!) { verifyOtp(input: $input) { token viewer { email } } }',
        { challengeId, code, transport: 'TOKEN', device })
      token = verifyOtp.token
      return verifyOtp.viewer.email
    },

    /** Books. Sending the same draft again within ten minutes returns the same booking. */
    book: async (draft) => {
      const { createBooking } = await ask(
        'mutation($input: CreateBookingInput!) { createBooking(input: $input) { booking { id status customer { email } } userErrors { message code } } }',
        draft)
      if (createBooking.userErrors.length) throw new Refused(createBooking.userErrors[0])
      return createBooking.booking
    },
  }
}

/** What the API says no to: `message` is for people, `code` and `fields` for programs. */
export class Refused extends Error {
  constructor({ message, code, extensions = {} }) {
    super(message)
    this.code = code ?? extensions.code
    this.fields = extensions.fields ?? []
  }
}

/** The secret of this device: made once, kept, never shown. */
export function deviceSecret(storage) {
  let secret = storage.getItem('pixgate-device')
  if (!secret) {
    secret = Array.from(crypto.getRandomValues(new Uint8Array(24)), (b) => b.toString(16).padStart(2, '0')).join('')
    storage.setItem('pixgate-device', secret)
  }
  return secret
}
