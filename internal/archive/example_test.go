package archive_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"time"

	"pixgate/internal/archive"
)

// A download that was cut: the second half comes from the layout alone, and of
// the data only what it holds is read.
func Example() {
	pictures := []string{"the kitchen's pixels", "the garden's pixels"}
	names := archive.Names([]string{"IMG_0001.jpg", "img_0001.JPG"})

	// What a database knows: no data is needed.
	var entries []archive.Entry
	for i, name := range names {
		entries = append(entries, archive.Entry{
			Name:     name,
			Size:     int64(len(pictures[i])),
			CRC32:    crc32.ChecksumIEEE([]byte(pictures[i])),
			Modified: time.Date(2026, 6, 14, 15, 9, 0, 0, time.UTC),
		})
	}
	layout, err := archive.New(entries)
	if err != nil {
		fmt.Println(err)
		return
	}

	send := func(w io.Writer, offset, length int64) {
		for part := range layout.Parts(offset, length) {
			if part.Entry < 0 {
				w.Write(part.Literal)
				continue
			}
			picture := strings.NewReader(pictures[part.Entry]) // or a ranged read from a store
			io.Copy(w, io.NewSectionReader(picture, part.Offset, part.Length))
		}
	}
	var received bytes.Buffer
	send(&received, 0, 100)                               // cut after 100 bytes
	send(&received, int64(received.Len()), layout.Size()) // Range: bytes=100-

	r, err := zip.NewReader(bytes.NewReader(received.Bytes()), int64(received.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, file := range r.File {
		fmt.Println(file.Name, file.UncompressedSize64, file.Modified.UTC())
	}
	fmt.Println(int64(received.Len()) == layout.Size())
	// Output:
	// IMG_0001.jpg 20 2026-06-14 15:09:00 +0000 UTC
	// img_0001 (2).JPG 19 2026-06-14 15:09:00 +0000 UTC
	// true
}

func ExampleNames() {
	for _, name := range archive.Names([]string{"Küche.jpg", "KÜCHE.jpg", "../../.profile", "aux.jpg"}) {
		fmt.Println(name)
	}
	// Output:
	// Küche.jpg
	// KÜCHE (2).jpg
	// profile
	// _aux.jpg
}
