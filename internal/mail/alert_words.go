package mail

// eventWords are what an alert says about one event.
type eventWords struct {
	title        string // what was noted, to stand in a subject
	means, steps string // lines of at most 76 bytes
}

// aboutEvent returns the words for an event. One that has none of its own is named.
func aboutEvent(event string, locale Locale) eventWords {
	if words, known := alertWords[locale][event]; known {
		return words
	}
	return alertWords[locale][""]
}

var alertWords = map[Locale]map[string]eventWords{
	German: {
		"": {"ungewöhnliche Ereignisse",
			"Etwas, das selten vorkommen sollte, kam oft vor.",
			"Sieh dir die Ereignisse an."},
		"rate_limit_blocked": {"zu viele Anfragen",
			"Jemand fragt weit öfter, als ein Mensch es tut: ein Programm, das\nausprobiert oder absaugt, oder eine eigene App, die sich verrannt hat.",
			"Kommt es von einer Herkunft, sperre sie mit BLOCKED_IPS. Sind es viele\neigene Kunden, ist vielleicht eine neue Version der App schuld."},
		"ip_access_denied": {"Zugriff von gesperrten Adressen",
			"Eine Adresse, die deine Listen ausschließen, versucht es immer wieder.",
			"Nichts, solange du sie nicht erwartest. Ist es dein Büro oder VPN,\nberichtige die Liste (ADMIN_ALLOWED_IPS und die anderen)."},
		"csrf_blocked": {"Anfragen von fremden Seiten abgewiesen",
			"Fremde Webseiten wollten im Namen angemeldeter Nutzer handeln, oder\neine eigene Web-App steht nicht in CORS_ORIGINS.",
			"Prüfe, ob gerade eine neue Web-App oder Domain dazukam. Wenn nicht, ist\nes ein Angriff, und er wurde abgewehrt."},
		"auth_blocked": {"Zugriffe ohne Berechtigung abgewiesen",
			"Jemand fragt nach Dingen, die ihm nicht gehören, oder mit einer Sitzung,\ndie nicht mehr gilt.",
			"Steht immer dasselbe Konto dabei, sprich mit der Person oder sperre das\nKonto. Sonst rät jemand Kennungen und findet nichts."},
		"request_validation_failed": {"fehlerhafte Anfragen",
			"Anfragen, die keine unserer Apps so stellt: ein Scanner, oder eine neue\nVersion einer App mit einem Fehler.",
			"Sieh nach, welche Route es trifft und ob gerade eine App erschienen ist."},
		"query_rejected": {"überteuerte Abfragen abgewiesen",
			"Jemand stellt Abfragen, die den Server lahmlegen sollen.",
			"Kommt es von einer Herkunft, sperre sie mit BLOCKED_IPS. Ist es eine\neigene App, muss sie kleinere Seiten abfragen."},
		"login_failed": {"fehlgeschlagene Anmeldungen",
			"Jemand rät Login-Codes. Nach fünf falschen ist ein Code verbraucht;\ngeraten wird damit praktisch nie einer.",
			"Trifft es ein Konto, warne die Person: Den Code nie weitergeben. Kommt\nes von einer Herkunft, sperre sie mit BLOCKED_IPS."},
		"device_mismatch": {"Sitzungen auf fremden Geräten",
			"Eine Sitzung wurde auf einem anderen Gerät benutzt als dem, das sich\nangemeldet hat. Sie könnte gestohlen sein.",
			"Entferne die Geräte des Kontos und lass die Person sich neu anmelden."},
		"limiter_fallback": {"Redis ist nicht erreichbar",
			"Die Begrenzungen zählen bis auf weiteres in jedem Server für sich.\nSie gelten weiter, bei mehreren Servern aber entsprechend großzügiger.",
			"Sieh nach Redis (REDIS_URL). Sobald es antwortet, geht es von selbst\nweiter."},
		"limiter_restored": {"Redis ist wieder da",
			"Die Begrenzungen zählen wieder für alle Server gemeinsam.",
			"Nichts."},
		"archive_damaged": {"ein Bild im Speicher ist beschädigt",
			"Der Speicher gab andere Bytes heraus, als hineingelegt wurden. Der\nDownload wurde abgebrochen, damit niemand ein kaputtes Bild bekommt.",
			"Suche im Log nach dem Bild, stelle es aus der Sicherung wieder her und\nprüfe den Speicher."},
		"secret_unhealthy": {"ein Geheimnis muss gewechselt werden",
			"Ein Geheimnis des Servers ist abgelaufen, läuft bald ab oder ist zu alt.\nIst es abgelaufen, startet der Server im Betrieb nicht mehr.",
			"Die Abfrage secrets und der Befehl pixgate secrets check zeigen, welches.\nWie man es wechselt, ohne jemanden abzumelden, steht in docs/secrets.md."},
	},
	English: {
		"": {"unusual events",
			"Something that should be rare happened often.",
			"Look at the events."},
		"rate_limit_blocked": {"too many requests",
			"Somebody asks far more often than a person does: a program that tries\nthings out or copies them, or an app of your own that runs in circles.",
			"If it is one source, block it with BLOCKED_IPS. If it is many of your\nown customers, a new version of the app may be to blame."},
		"ip_access_denied": {"access from addresses that are shut out",
			"An address that your lists exclude tries again and again.",
			"Nothing, unless you expect it. If it is your office or VPN, correct the\nlist (ADMIN_ALLOWED_IPS and the others)."},
		"csrf_blocked": {"requests of foreign pages refused",
			"Foreign web pages wanted to act for people who are signed in, or a web\napp of your own is missing in CORS_ORIGINS.",
			"See whether a web app or domain is new. If none is, it was an attack,\nand it was fended off."},
		"auth_blocked": {"access without permission refused",
			"Somebody asks for things of others, or with a session that is over.",
			"If it is always the same account, talk to the person or block the\naccount. Else somebody guesses ids, and finds nothing."},
		"request_validation_failed": {"malformed requests",
			"Requests as none of our apps makes them: a scanner, or a new version\nof an app with a fault.",
			"See which route it is, and whether an app has just come out."},
		"query_rejected": {"excessive queries refused",
			"Somebody sends queries that are meant to keep the server busy.",
			"If it is one source, block it with BLOCKED_IPS. If it is an app of your\nown, it must ask for smaller pages."},
		"login_failed": {"failed sign-ins",
			"Somebody guesses sign-in codes. Five wrong ones use a code up, so that\npractically none is ever guessed.",
			"If it is one account, warn the person: never pass a code on. If it is\none source, block it with BLOCKED_IPS."},
		"device_mismatch": {"sessions on other devices",
			"A session was used on another device than the one that signed in. It\nmay have been stolen.",
			"Remove the account's devices and have the person sign in again."},
		"limiter_fallback": {"Redis can't be reached",
			"Limits are counted by each server alone for now. They hold, but where\nthere are several servers, each lets as many through.",
			"Look after Redis (REDIS_URL). As soon as it answers, all goes on by\nitself."},
		"limiter_restored": {"Redis is back",
			"Limits are counted for all servers together again.",
			"Nothing."},
		"archive_damaged": {"a picture in the storage is damaged",
			"The storage gave other bytes than were put in. The download was cut\noff, so that nobody gets a broken picture.",
			"Look for the picture in the log, restore it from the backup and check\nthe storage."},
		"secret_unhealthy": {"a secret must be changed",
			"A secret of the server has expired, is about to, or is too old. With one\nthat has expired, a server in production does not start again.",
			"The query secrets and the command pixgate secrets check show which one.\ndocs/secrets.md says how to change it without signing anybody out."},
	},
}
