package main

import (
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"time"

	"pixgate/internal/config"
	"pixgate/internal/egress"
	"pixgate/internal/pdf"
)

// openPages returns what prints pages of the web. A browser that the settings name must be
// there; without any the server runs all the same, and says so.
func openPages(settings config.Config, now func() time.Time, log *slog.Logger) (*pdf.Printer, error) {
	browser, err := findBrowser(settings.Chromium)
	if err != nil {
		return nil, err
	}
	if browser == "" {
		log.WarnContext(context.Background(), "no Chromium: POST /pdf answers 503", "setting", "CHROMIUM")
	}
	return pdf.New(pdf.Options{
		Browser: browser, Hosts: settings.PDFAllowedHosts, Plain: settings.PDFAllowHTTP, Dialer: egress.New(egress.Options{}), Now: now, Log: log,
	}), nil
}

func findBrowser(named string) (path string, err error) {
	switch named {
	case "off":
		return "", nil
	case "":
		for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
			if path, err := exec.LookPath(name); err == nil {
				return path, nil
			}
		}
		return "", nil
	}
	if path, err = exec.LookPath(named); err != nil {
		return "", fmt.Errorf("CHROMIUM: %w", err)
	}
	return path, nil
}
