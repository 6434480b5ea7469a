package proof

import "math"

// dequantised keeps hostile products small enough for draw's sums.
func dequantised(coefficient, quant int32) int32 {
	return int32(max(-1<<15, min(1<<15, int64(coefficient)*int64(quant))))
}

const basisBits = 12

// basis has, for a block of 1, 2, 4 and 8 samples a side, what each coefficient
// adds to each sample: the first cosines of the transform of 8, at fewer points.
var basis = func() (all [4][8][8]int) {
	for i := range all {
		size := 1 << i
		for u := range size {
			for x := range size {
				b := 0.5 * math.Cos(float64(2*x+1)*float64(u)*math.Pi/float64(2*size))
				if u == 0 {
					b *= math.Sqrt2 / 2
				}
				all[i][u][x] = int(math.Round(b * (1 << basisBits)))
			}
		}
	}
	return all
}()

var basisOf = [9]int{1: 0, 2: 1, 4: 2, 8: 3}

// draw writes the samples of a block of dequantised coefficients, of which a
// flat one has only the first.
func (c *component) draw(x, y int, block *[64]int32, flat bool) {
	w, h := c.sizeX, c.sizeY
	out := c.samples[(y*h)*c.stride+x*w:]
	if flat || w == 1 && h == 1 {
		mean := sample((int(block[0])+4)>>3 + 128)
		for row := range h {
			line := out[row*c.stride:][:w]
			for i := range line {
				line[i] = mean
			}
		}
		return
	}
	var columns [64]int // rows of samples, columns of coefficients
	down, across := &basis[basisOf[h]], &basis[basisOf[w]]
	for v := range h {
		for u := range w {
			coefficient := int(block[v*w+u])
			if coefficient == 0 {
				continue
			}
			for row := range h {
				columns[row*w+u] += coefficient * down[v][row]
			}
		}
	}
	const half = 1 << (2*basisBits - 1)
	for row := range h {
		var sums [8]int
		for u, part := range columns[row*w : row*w+w] {
			if part == 0 {
				continue
			}
			for i := range w {
				sums[i] += part * across[u&7][i]
			}
		}
		line := out[row*c.stride:][:w]
		for i := range line {
			line[i] = sample((sums[i&7]+half)>>(2*basisBits) + 128)
		}
	}
}

func sample(v int) uint8 { return uint8(max(0, min(255, v))) }
