package booking

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"pixgate/internal/fault"
)

const (
	maxAddress = 500  // characters
	maxNotes   = 4000 // likewise
	maxMessage = 1000 // likewise
	maxReason  = 1000 // likewise
	maxPhone   = 40   // likewise
	maxDates   = 5
	yearsAhead = 2
)

// checkLines is [fault.Text] for a text that may have several lines.
func checkLines(path, text string, least, most int) []fault.Field {
	return fault.Text(path, strings.NewReplacer("\n", " ", "\t", " ").Replace(text), least, most)
}

// lines trims a text, and ends its lines in one way.
func lines(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

// checkAddress takes one line that is the address of a property. It stands in the mails to the
// studio, where a link of a stranger's must not.
func checkAddress(path, address string) []fault.Field {
	if wrong := fault.Text(path, address, 1, maxAddress); wrong != nil {
		return wrong
	}
	if lower := strings.ToLower(address); strings.Contains(lower, "://") || strings.Contains(lower, "www.") {
		return []fault.Field{{Path: path, Code: fault.InvalidValue, Message: "Give the property's postal address, without a link."}}
	}
	return nil
}

// checkPhone takes none, or 6 to 15 digits (ITU-T E.164), with a plus in front and the
// usual marks between.
func checkPhone(path, phone string) []fault.Field {
	if phone == "" {
		return nil
	}
	digits := 0
	for i, r := range phone {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case r == '+' && i == 0, strings.ContainsRune(" -/().", r):
		default:
			digits = -len(phone)
		}
	}
	if digits < 6 || digits > 15 || len(phone) > maxPhone {
		return []fault.Field{{Path: path, Code: fault.InvalidValue, Message: "Give a telephone number, such as +49 30 1234567."}}
	}
	return nil
}

// day is the day of the calendar at a place, as midnight in UTC.
func day(now time.Time, place *time.Location) time.Time {
	year, month, d := now.In(place).Date()
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

// checkDay takes today and what lies ahead, two years at most.
func checkDay(path string, date, today time.Time) []fault.Field {
	if date.Before(today) {
		return []fault.Field{{Path: path, Code: fault.InvalidValue, Message: "This day is over. Choose today or a later one."}}
	}
	if date.After(today.AddDate(yearsAhead, 0, 0)) {
		return []fault.Field{{Path: path, Code: fault.InvalidValue, Message: fmt.Sprintf("Choose a day within %d years.", yearsAhead)}}
	}
	return nil
}

func checkDays(path string, dates []time.Time, today time.Time) (wrong []fault.Field) {
	switch {
	case len(dates) == 0:
		return []fault.Field{{Path: path, Code: fault.Required, Message: "Name at least one day."}}
	case len(dates) > maxDates:
		return []fault.Field{{Path: path, Code: fault.InvalidValue, Message: fmt.Sprintf("Name at most %d days.", maxDates)}}
	}
	named := map[time.Time]bool{}
	for i, date := range dates {
		at := path + "." + strconv.Itoa(i)
		if named[date] {
			wrong = append(wrong, fault.Field{Path: at, Code: fault.InvalidValue, Message: "Name each day once."})
		}
		named[date] = true
		wrong = append(wrong, checkDay(at, date, today)...)
	}
	return wrong
}
