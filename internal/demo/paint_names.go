package demo

// Names are the object keys, below a job's folder, of the pictures of the three
// demo jobs: 24, 22 and 20. Painted with the seeds i*100+k, each shows what its
// name says. They are as awkward as what photographers send: umlauts in both
// spellings of Unicode, names that differ in case alone, and the same name in
// several folders.
func Names() [][]string {
	return [][]string{
		{
			"Außenansicht.jpg", "Wohnzimmer Süd (1).jpg", "Küche.jpg", "Schlafzimmer.jpg", "Bad OG.jpg", "Garten Südseite.jpg", "Grundriss EG.jpg",
			"Außenansicht bei Dämmerung.jpg", "Wohnzimmer Süd (2).jpg", "küche.jpg", "Gästezimmer.jpg", "Gäste-WC.jpg", "Terrasse.jpg", "Grundriss OG.jpg",
			"IMG_0001.JPG", "IMG_0002.JPG", "Details/Küche.jpg", "Obergeschoss/Schlafzimmer.jpg", "Obergeschoss/Bad & Dusche.jpg", "Garten/IMG_0001.JPG", "Grundriss Dachgeschoß.jpg",
			"Straßenseite.jpg", "Wohnzimmer – Kamin.jpg", "Obergeschoss/Teeküche.jpg",
		},
		{
			"Küche.jpg", "Schlafen.jpg", "Bad.jpg", "Dachgarten.jpg", "Grundriss.jpg", "Fassade Nord.jpg", "Wohnen 1.jpg",
			"KÜCHE.jpg", "Schlafen 2.jpg", "Duschbad.jpg", "Garten im Hof.jpg", "Grundriss möbliert.jpg", "Fassade Süd.jpg", "Wohnen 2.jpg",
			"IMG_2001.JPG", "IMG_2002.JPG", "img_2002.jpg", "Auswahl/Dachgarten.jpg", "Auswahl/Grundriss.jpg", "Auswahl/Fassade Nord.jpg", "Auswahl/Wohnen 1.jpg",
			"Ku\u0308che 100% neu.jpg",
		},
		{
			"Musterbad.jpg", "Garten.jpg", "Wohnung 7 Grundriss.jpg", "Haus 7.jpg", "Wohnzimmer.jpg", "Einbauküche.jpg", "Schlafzimmer.jpg",
			"Bad #2.jpg", "Spielplatz + Garten.jpg", "Wohnung 8 Grundriss.jpg", "Haus 7 Rückseite.jpg", "Wohnzimmer (1).jpg", "Einbauküche 2.jpg", "Kinderzimmer.jpg",
			"DSC00001.JPG", "DSC00002.JPG", "Wohnung 7/Grundriss.jpg", "Wohnung 8/Haus.jpg", "Wohnung 7/Wohnzimmer.jpg", "Wohnung 8/Einbauküche.jpg",
		},
	}
}
