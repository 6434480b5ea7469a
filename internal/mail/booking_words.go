package mail

// bookingWords are what every studio's mails about bookings say unless it has a wording of
// its own. No link, and no client's words in a subject.
var bookingWords = map[Locale]map[BookingKind]Wording{
	German: {
		BookingReceived: {
			Subject: "Deine Anfrage bei {name}",
			Body: `Hallo,

wir haben deine Anfrage erhalten:

    Adresse:      {address}
    Paket:        {package}
    Wunschtermin: {dates}

Sie ist noch keine Zusage. Sobald wir einen Termin bestätigen, bekommst
du wieder eine Mail.

{name}
`,
		},
		BookingConfirmed: {
			Subject: "Dein Termin bei {name} am {date}",
			Body: `Hallo,

dein Termin steht fest:

    Datum:   {date}
    Adresse: {address}
    Paket:   {package}

{message}

Bis dann!

{name}
`,
		},
		BookingDeclined: {
			Subject: "Deine Anfrage bei {name}",
			Body: `Hallo,

leider können wir diese Anfrage nicht annehmen:

    Adresse: {address}
    Paket:   {package}

{message}

{name}
`,
		},
		BookingCancelled: {
			Subject: "Deine Buchung bei {name} ist storniert",
			Body: `Hallo,

diese Buchung ist storniert, es findet kein Termin statt:

    Adresse: {address}
    Paket:   {package}

{message}

{name}
`,
		},
		BookingRequested: {
			Subject: "{name}: neue Buchungsanfrage",
			Body: `Hallo,

es gibt eine neue Buchungsanfrage:

    Adresse:      {address}
    Paket:        {package}
    Wunschtermin: {dates}

Wer sie stellt und was dabei steht, zeigt die Abfrage bookings. Sie
wartet dort darauf, bestätigt oder abgelehnt zu werden.

pixgate
`,
		},
		BookingWithdrawn: {
			Subject: "{name}: eine Buchung wurde storniert",
			Body: `Hallo,

der Kunde hat diese Buchung storniert:

    Adresse: {address}
    Paket:   {package}

pixgate
`,
		},
	},
	English: {
		BookingReceived: {
			Subject: "Your request at {name}",
			Body: `Hello,

we have received your request:

    Address:       {address}
    Package:       {package}
    Preferred day: {dates}

It is not an appointment yet. As soon as we confirm one, you will get
another mail.

{name}
`,
		},
		BookingConfirmed: {
			Subject: "Your appointment with {name} on {date}",
			Body: `Hello,

your appointment is confirmed:

    Date:    {date}
    Address: {address}
    Package: {package}

{message}

See you then!

{name}
`,
		},
		BookingDeclined: {
			Subject: "Your request at {name}",
			Body: `Hello,

we are sorry that we can't take this request:

    Address: {address}
    Package: {package}

{message}

{name}
`,
		},
		BookingCancelled: {
			Subject: "Your booking with {name} is cancelled",
			Body: `Hello,

this booking is cancelled, there will be no appointment:

    Address: {address}
    Package: {package}

{message}

{name}
`,
		},
		BookingRequested: {
			Subject: "{name}: new booking request",
			Body: `Hello,

there is a new booking request:

    Address:       {address}
    Package:       {package}
    Preferred day: {dates}

Who asks, and what else they say, the query bookings shows. The request
waits there to be confirmed or declined.

pixgate
`,
		},
		BookingWithdrawn: {
			Subject: "{name}: a booking was cancelled",
			Body: `Hello,

the client has cancelled this booking:

    Address: {address}
    Package: {package}

pixgate
`,
		},
	},
}
