package main

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A chart is as wide as a phone, so that its text has a size for reading there; a wide
// page sets several side by side.
const (
	chartWidth = 380 * vg.Length(1)
	textSize   = 10 * vg.Length(1)
)

var (
	ink  = color.NRGBA{0x33, 0x3d, 0x4a, 0xff}
	pale = color.NRGBA{0xe3, 0xe8, 0xee, 0xff}
)

// colours tell contenders apart, the same one in every chart.
var colours = map[string]color.NRGBA{
	spinFloor.name:  {0x8a, 0x94, 0xa3, 0xff},
	futexFloor.name: {0x8a, 0x94, 0xa3, 0xff},
	copyFloor.name:  {0x8a, 0x94, 0xa3, 0xff},
	loopback.name:   {0x55, 0x60, 0x70, 0xff},
	roamCgo.name:    {0xd9, 0x48, 0x0f, 0xff},
	roamGo.name:     {0xf5, 0x9f, 0x00, 0xff},
	roamC.name:      {0x87, 0x2c, 0x0a, 0xff},
	pathInC.name:    {0x3b, 0x43, 0x4f, 0xff},
	roamUnix.name:   {0xc2, 0x25, 0x5c, 0xff},
	bareUnix.name:   {0x19, 0x71, 0xc2, 0xff},
	netRPCUnix.name: {0x0c, 0x85, 0x99, 0xff},
	ttrpcUnix.name:  {0x2f, 0x9e, 0x44, 0xff},
	drpcUnix.name:   {0x66, 0xa8, 0x0f, 0xff},
	grpcUnix.name:   {0x67, 0x41, 0xd9, 0xff},
	goPlugin.name:   {0x9c, 0x36, 0xb5, 0xff},
}

// newPlot is an empty chart in the style of all. The page has its title.
func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.White
	for axis, label := range map[*plot.Axis]string{&p.X: x, &p.Y: y} {
		axis.Label.Text = label
		axis.Label.TextStyle.Color, axis.Tick.Label.Color = ink, ink
		axis.Label.TextStyle.Font.Size, axis.Tick.Label.Font.Size = textSize, textSize
		axis.Label.TextStyle.Font.Variant, axis.Tick.Label.Font.Variant = "Sans", "Sans"
		axis.LineStyle.Color, axis.Tick.LineStyle.Color = pale, pale
		axis.Padding = 4
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = pale, pale
	p.Add(grid)
	return p
}

// logarithmic makes an axis one of powers of ten, labelled by format, with steps between
// them where there are few.
func logarithmic(axis *plot.Axis, format func(float64) string) {
	axis.Scale = plot.LogScale{}
	axis.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick {
		steps := []float64{1}
		if high/low < 1000 {
			steps = []float64{1, 2, 5}
		}
		var ticks []plot.Tick
		for decade := math.Pow(10, math.Floor(math.Log10(low))); decade <= high; decade *= 10 {
			for _, step := range steps {
				if v := decade * step; v >= low*0.999 && v <= high*1.001 {
					ticks = append(ticks, plot.Tick{Value: v, Label: format(v)})
				}
			}
		}
		return ticks
	})
}

// decades widens a logarithmic axis to whole powers of ten.
func decades(axis *plot.Axis) {
	axis.Min = math.Pow(10, math.Floor(math.Log10(axis.Min)))
	axis.Max = math.Pow(10, math.Ceil(math.Log10(axis.Max)))
}

// svg draws a chart to be part of a page.
func svg(p *plot.Plot, height vg.Length) (template.HTML, error) {
	c := vgsvg.NewWith(vgsvg.UseWH(chartWidth, height))
	const margin = 6
	p.Draw(draw.Crop(draw.NewCanvas(c, chartWidth, height), margin, -2*margin, margin, -margin))
	var out bytes.Buffer
	if _, err := c.WriteTo(&out); err != nil {
		return "", err
	}
	_, picture, ok := strings.Cut(out.String(), "<svg ")
	if !ok {
		return "", fmt.Errorf("chart of %d bytes is no SVG", out.Len())
	}
	// The font that measured the text is on few phones.
	picture = strings.ReplaceAll(picture, "font-family:Liberation Sans", "font-family:Liberation Sans,Arial,Helvetica,Roboto,sans-serif")
	return template.HTML("<svg role=\"img\" " + picture), nil
}

// names is an axis of contenders, from top to bottom.
func names(p *plot.Plot, rows []*row) {
	labels := make([]string, len(rows))
	for i, r := range rows {
		labels[len(rows)-1-i] = r.Contender + "    " // room for a font that is wider than the one measured
	}
	p.NominalY(labels...)
	p.Y.LineStyle.Width, p.Y.Tick.Length = 0, 0
	p.Y.Min, p.Y.Max = -0.6, float64(len(rows))-0.4
}

// quantileChart shows p50, p99 and p99.9 of each row on a line.
func quantileChart(rows []*row) (template.HTML, error) {
	p := newPlot("p50 (disc), p99 and p99.9 (rings)", "")
	logarithmic(&p.X, duration)
	for i, r := range rows {
		y := float64(len(rows) - 1 - i)
		points := plotter.XYs{{X: max(r.P50, 1), Y: y}}
		if r.tells(0.99) {
			points = append(points, plotter.XY{X: max(r.P99, 1), Y: y})
		}
		if r.tells(0.999) {
			points = append(points, plotter.XY{X: max(r.P999, 1), Y: y})
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return "", err
		}
		line.Color, line.Width = colours[r.Contender], 1.5
		p.Add(line)
		for j, point := range points {
			dot, err := plotter.NewScatter(plotter.XYs{point})
			if err != nil {
				return "", err
			}
			dot.GlyphStyle = draw.GlyphStyle{Color: colours[r.Contender], Radius: 3, Shape: draw.RingGlyph{}}
			if j == 0 {
				dot.Radius, dot.Shape = 4.5, draw.CircleGlyph{}
			}
			p.Add(dot)
		}
	}
	names(p, rows)
	decades(&p.X)
	return svg(p, vg.Length(60+20*len(rows)))
}

// barChart shows one figure of each row as a bar.
func barChart(rows []*row, label string, value func(*row) float64, text func(float64) string) (template.HTML, error) {
	p := newPlot(label, "")
	most := 0.0
	for i, r := range rows {
		bar, err := plotter.NewBarChart(plotter.Values{value(r)}, 12)
		if err != nil {
			return "", err
		}
		bar.Horizontal, bar.XMin = true, float64(len(rows)-1-i)
		bar.Color, bar.LineStyle.Width = colours[r.Contender], 0
		p.Add(bar)
		most = max(most, value(r))
	}
	names(p, rows)
	if err := barLabels(p, rows, value, text); err != nil {
		return "", err
	}
	p.X.Min, p.X.Max = 0, most*1.25
	p.X.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick {
		ticks := plot.DefaultTicks{}.Ticks(low, high)
		for i := range ticks {
			if ticks[i].Label != "" {
				ticks[i].Label = text(ticks[i].Value)
			}
		}
		return ticks
	})
	return svg(p, vg.Length(60+20*len(rows)))
}

// barLabels writes the value behind each bar.
func barLabels(p *plot.Plot, rows []*row, value func(*row) float64, text func(float64) string) error {
	var data plotter.XYLabels
	for i, r := range rows {
		data.XYs = append(data.XYs, plotter.XY{X: value(r), Y: float64(len(rows) - 1 - i)})
		data.Labels = append(data.Labels, text(value(r)))
	}
	labels, err := plotter.NewLabels(data)
	if err != nil {
		return err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font = font.From(p.X.Tick.Label.Font, textSize)
		labels.TextStyle[i].Color, labels.TextStyle[i].YAlign = ink, draw.YCenter
	}
	labels.Offset.X = 4
	p.Add(labels)
	return nil
}

// curve is a line of a chart, in its contender's colour.
type curve struct {
	contender string
	points    plotter.XYs
}

func addCurves(p *plot.Plot, curves []curve, dots bool) error {
	for _, c := range curves {
		line, points, err := plotter.NewLinePoints(c.points)
		if err != nil {
			return err
		}
		line.Color, line.Width = colours[c.contender], 2
		p.Add(line)
		if dots {
			points.GlyphStyle = draw.GlyphStyle{Color: colours[c.contender], Radius: 3, Shape: draw.CircleGlyph{}}
			p.Add(points)
		}
	}
	return nil
}

// distributionChart shows which duration is not exceeded by which share of the
// operations, the rare ones drawn out.
func distributionChart(rows []*row) (template.HTML, error) {
	p := newPlot("share of the calls", "took at most")
	logarithmic(&p.Y, duration)
	var curves []curve
	for _, r := range rows {
		c := curve{contender: r.Contender}
		for nines := 0.0; nines <= 4; nines += 0.05 {
			rare := math.Pow(10, -nines)
			if rare*float64(r.times.total) < 5 && nines > 0 {
				break // too few to say
			}
			c.points = append(c.points, plotter.XY{X: nines, Y: max(r.times.quantile(1-rare), 1)})
		}
		curves = append(curves, c)
	}
	if err := addCurves(p, curves, false); err != nil {
		return "", err
	}
	p.X.Tick.Marker = plot.ConstantTicks{
		{Value: math.Log10(2), Label: "50 %"}, {Value: 1, Label: "90 %"}, {Value: 2, Label: "99 %"},
		{Value: 3, Label: "99.9 %"}, {Value: 4, Label: "99.99 %"},
	}
	p.X.Min, p.X.Max = 0, 4.2
	decades(&p.Y)
	return svg(p, 280)
}

// growthChart shows calls a second, as callers or guests become more.
func growthChart(label string, curves []curve) (template.HTML, error) {
	p := newPlot(label, "calls/s")
	logarithmic(&p.Y, rounded)
	if err := addCurves(p, curves, true); err != nil {
		return "", err
	}
	var ticks plot.ConstantTicks
	for _, point := range longest(curves) {
		ticks = append(ticks, plot.Tick{Value: point.X, Label: fmt.Sprint(point.X)})
	}
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, ticks
	p.Y.Min, p.Y.Max = p.Y.Min/1.3, p.Y.Max*1.3
	return svg(p, 260)
}

func longest(curves []curve) plotter.XYs {
	var most plotter.XYs
	for _, c := range curves {
		if len(c.points) > len(most) {
			most = c.points
		}
	}
	return most
}
