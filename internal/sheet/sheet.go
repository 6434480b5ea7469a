// Package sheet draws contact sheets: pictures, small, with their names, as a PDF to choose
// from on paper. A sheet leaves page by page while it is drawn, so that one of thousands of
// pictures takes no more memory than one of twenty. It knows nothing of whose pictures they are.
package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // previews are JPEGs
	"io"
	"strings"
)

// Head is what stands on every page.
type Head struct {
	Studio string
	Title  string
	Note   string             // about the whole, below the title
	Page   func(n int) string // such as "Page 3"
}

// Picture is one on the sheet.
type Picture struct {
	Name    string
	Mark    string // below the name
	Chosen  bool   // its box has a cross
	Preview []byte // JPEG, upright, gray or in colours; nil: Missing stands in its place
	Missing string
}

// ErrPreview says that a preview is no JPEG that can stand on a sheet.
var ErrPreview = errors.New("sheet: no JPEG")

// PerPage is how many pictures a page has.
const PerPage = columns * rows

// A page is A4, in points, from its lower left corner.
const (
	pageWidth, pageHeight = 595.28, 841.89
	margin                = 40.0
	columns, rows         = 4, 5
	cellWidth             = (pageWidth - 2*margin + gap) / columns
	cellHeight            = 142.0
	gap                   = 10.0
	boxWidth              = cellWidth - gap
	boxHeight             = 100.0
	top                   = pageHeight - 96
)

// Sheet is a contact sheet that is being drawn.
type Sheet struct {
	head          Head
	out           file
	root, tree    int
	regular, bold *writing
	pages         []int // their objects
	cells         int   // on the page that is being drawn
	page          bytes.Buffer
	images        bytes.Buffer // its dictionary of pictures
}

// New begins a sheet. What w fails with, [Sheet.Add] and [Sheet.Close] return.
func New(w io.Writer, head Head) *Sheet {
	s := &Sheet{head: head, out: file{w: w}}
	s.out.write([]byte("%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"))
	s.root, s.tree = s.out.number(), s.out.number()
	s.regular, s.bold = newWriting(regularFont, s.out.number()), newWriting(boldFont, s.out.number())
	return s
}

// Add draws the next picture.
func (s *Sheet) Add(p Picture) error {
	if s.cells == PerPage {
		s.endPage()
	}
	if s.cells == 0 {
		s.beginPage()
	}
	left := margin + float64(s.cells%columns)*cellWidth
	bottom := top - float64(s.cells/columns+1)*cellHeight
	s.cells++
	if err := s.preview(p, left, bottom+cellHeight-boxHeight); err != nil {
		return err
	}
	const side = 8.0
	fmt.Fprintf(&s.page, "0.4 G 0.6 w %.2f %.2f %.1f %.1f re S\n", left, bottom+27, side, side)
	if p.Chosen {
		fmt.Fprintf(&s.page, "0 G 1 w %.2f %.2f m %.2f %.2f l S %.2f %.2f m %.2f %.2f l S\n",
			left+1.5, bottom+28.5, left+side-1.5, bottom+27+side-1.5, left+1.5, bottom+27+side-1.5, left+side-1.5, bottom+28.5)
	}
	s.text(s.regular, 8, left+side+4, bottom+28.5, boxWidth-side-4, p.Name)
	s.text(s.regular, 7, left+side+4, bottom+18, boxWidth-side-4, p.Mark)
	return s.out.err
}

// preview draws the picture into its frame, as large as it fits.
func (s *Sheet) preview(p Picture, left, bottom float64) error {
	if p.Preview == nil {
		fmt.Fprintf(&s.page, "0.7 G 0.6 w %.2f %.2f %.2f %.2f re S\n", left, bottom, boxWidth, boxHeight)
		s.text(s.regular, 8, left+8, bottom+boxHeight/2, boxWidth-16, p.Missing)
		return nil
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(p.Preview))
	if err != nil || format != "jpeg" || config.Width < 1 || config.Height < 1 {
		return errors.Join(ErrPreview, err)
	}
	space := "/DeviceRGB"
	switch config.ColorModel {
	case color.GrayModel:
		space = "/DeviceGray"
	case color.YCbCrModel:
	default:
		return fmt.Errorf("%w: its colours are for printers", ErrPreview)
	}
	number := s.out.number()
	s.out.stream(number, fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s /BitsPerComponent 8 /Filter /DCTDecode", config.Width, config.Height, space), p.Preview)
	scale := min(boxWidth/float64(config.Width), boxHeight/float64(config.Height))
	width, height := float64(config.Width)*scale, float64(config.Height)*scale
	fmt.Fprintf(&s.images, "/I%d %d 0 R ", number, number)
	fmt.Fprintf(&s.page, "q %.2f 0 0 %.2f %.2f %.2f cm /I%d Do Q\n", width, height, left+(boxWidth-width)/2, bottom+(boxHeight-height)/2, number)
	return nil
}

func (s *Sheet) text(face *writing, size, left, bottom, width float64, text string) {
	name := "/R"
	if face == s.bold {
		name = "/B"
	}
	fmt.Fprintf(&s.page, "BT %s %.1f Tf %.2f %.2f Td <%s> Tj ET\n", name, size, left, bottom, face.fitted(text, size, width))
}

func (s *Sheet) beginPage() {
	const width = pageWidth - 2*margin
	s.text(s.bold, 15, margin, pageHeight-56, width, s.head.Title)
	s.text(s.regular, 8, margin, pageHeight-72, width, s.head.Note)
	s.text(s.regular, 8, margin, margin-14, width*2/3, s.head.Studio)
	s.text(s.regular, 8, pageWidth-margin-100, margin-14, 100, s.head.Page(len(s.pages)+1))
}

func (s *Sheet) endPage() {
	number, content := s.out.number(), s.out.number()
	s.out.packed(content, "", s.page.Bytes())
	s.out.object(number, "<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %.2f %.2f] /Contents %d 0 R /Resources << /Font << /R %d 0 R /B %d 0 R >> /XObject << %s>> >> >>",
		s.tree, pageWidth, pageHeight, content, s.regular.number, s.bold.number, s.images.Bytes())
	s.pages = append(s.pages, number)
	s.cells = 0
	s.page.Reset()
	s.images.Reset()
}

// Close ends the sheet with a line, such as how many pictures it has. Without Close it is no PDF.
func (s *Sheet) Close(last string) error {
	if s.cells == 0 {
		s.beginPage()
	}
	s.text(s.regular, 8, margin, margin, pageWidth-2*margin, last)
	s.endPage()
	s.regular.write(&s.out)
	s.bold.write(&s.out)
	var kids strings.Builder
	for _, page := range s.pages {
		fmt.Fprintf(&kids, "%d 0 R ", page)
	}
	s.out.object(s.tree, "<< /Type /Pages /Count %d /Kids [%s] >>", len(s.pages), kids.String())
	s.out.object(s.root, "<< /Type /Catalog /Pages %d 0 R >>", s.tree)
	s.out.end(s.root)
	return s.out.err
}
