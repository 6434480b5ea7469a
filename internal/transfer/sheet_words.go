package transfer

import (
	"fmt"

	"pixgate/internal/account"
	"pixgate/internal/job"
	"pixgate/internal/sheet"
)

// sheetWords are what stands on a contact sheet.
type sheetWords struct {
	file, page, end, missing string
	packageAll, packageOf    string
	all                      string // the mark of what a package without end includes
	states                   map[job.SelectionState]string
}

func wordsOfSheet(locale account.Locale) sheetWords {
	if locale == account.English {
		return sheetWords{
			file: "Contact sheet", page: "Page %d", end: "End: %d pictures", missing: "no preview",
			packageAll: "Your package includes every picture.", packageOf: "Your package includes %d pictures; %d are chosen. Tick what you want.",
			all: "included", states: map[job.SelectionState]string{
				job.None: "not chosen", job.Included: "chosen", job.ExtraPending: "extra, to be paid", job.ExtraPaid: "extra, paid", job.ExtraFree: "extra, free",
			},
		}
	}
	return sheetWords{
		file: "Kontaktbogen", page: "Seite %d", end: "Ende: %d Bilder", missing: "keine Vorschau",
		packageAll: "Dein Paket enthält alle Bilder.", packageOf: "Dein Paket enthält %d Bilder, gewählt sind %d. Kreuze an, welche du möchtest.",
		all: "enthalten", states: map[job.SelectionState]string{
			job.None: "nicht gewählt", job.Included: "gewählt", job.ExtraPending: "Extra, noch nicht bezahlt", job.ExtraPaid: "Extra, bezahlt", job.ExtraFree: "Extra, geschenkt",
		},
	}
}

func (w sheetWords) note(j *job.Job) string {
	if j.AllImagesIncluded {
		return w.packageAll
	}
	return fmt.Sprintf(w.packageOf, j.Package.Included, j.Package.Used)
}

func (w sheetWords) picture(image *job.Image) sheet.Picture {
	p := sheet.Picture{Name: image.Filename, Mark: w.states[image.State], Chosen: image.State != job.None, Missing: w.missing}
	if image.Job.AllImagesIncluded && image.State == job.None {
		p.Mark, p.Chosen = w.all, true
	}
	return p
}
