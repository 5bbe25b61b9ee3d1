// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Plot is what is drawn: bars, or lines.
type Plot struct {
	Name        string // of the file, without its ending
	Title, X, Y string
	Bars        []Bar
	Lines       []Line
}

// Bar is one bar.
type Bar struct {
	Label string
	Value float64
}

// Line is a line through points.
type Line struct {
	Label  string
	Points []Point
}

// Point is a point.
type Point struct{ X, Y float64 }

// save draws the plot as PNG, which looks the same everywhere: an SVG is set in whatever font is there.
func (p Plot) save(path string) error {
	drawing := plot.New()
	drawing.Title.Text, drawing.X.Label.Text, drawing.Y.Label.Text = p.Title, p.X, p.Y
	drawing.Title.Padding = vg.Points(8)
	drawing.Y.Tick.Marker = plot.TickerFunc(thousands)
	if err := errors.Join(p.drawBars(drawing), p.drawLines(drawing)); err != nil {
		return fmt.Errorf("plot %s: %w", p.Name, err)
	}
	drawing.Y.Min = 0
	drawing.Y.Max *= 1.1
	canvas := vgimg.New(max(6, vg.Length(len(p.Bars))*1.1)*vg.Inch, 4*vg.Inch)
	margin := vg.Points(12) // a label is as wide as it is, also at the end of an axis
	drawing.Draw(draw.Crop(draw.New(canvas), margin, -2*margin, margin, -margin))
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = vgimg.PngCanvas{Canvas: canvas}.WriteTo(f)
	return errors.Join(err, f.Close())
}

// thousands labels the ticks of large figures with separators.
func thousands(from, to float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(from, to)
	for i, t := range ticks {
		if t.Label != "" {
			ticks[i].Label = count(t.Value)
		}
	}
	return ticks
}

// count prints a whole number with separators.
func count(v float64) string { return message.NewPrinter(language.English).Sprintf("%.0f", v) }

// drawBars draws each bar with its value above it.
func (p Plot) drawBars(drawing *plot.Plot) error {
	if len(p.Bars) == 0 {
		return nil
	}
	var values plotter.Values
	var names []string
	var above plotter.XYLabels
	for i, b := range p.Bars {
		values, names = append(values, b.Value), append(names, b.Label)
		above.XYs = append(above.XYs, plotter.XY{X: float64(i), Y: b.Value})
		above.Labels = append(above.Labels, count(b.Value))
	}
	bars, err := plotter.NewBarChart(values, vg.Points(30))
	if err != nil {
		return err
	}
	bars.Color, bars.LineStyle.Width = plotutil.Color(2), 0
	labels, err := plotter.NewLabels(above)
	if err != nil {
		return err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].XAlign = draw.XCenter
	}
	labels.Offset.Y = vg.Points(3)
	drawing.Add(bars, labels)
	drawing.NominalX(names...)
	drawing.X.Min, drawing.X.Max = -0.6, float64(len(p.Bars))-0.4
	return nil
}

// drawLines draws the lines, and says which is which where there are several.
func (p Plot) drawLines(drawing *plot.Plot) error {
	for i, l := range p.Lines {
		points := make(plotter.XYs, len(l.Points))
		for j, point := range l.Points {
			points[j] = plotter.XY(point)
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return err
		}
		line.Color = plotutil.Color(i)
		line.Width = vg.Points(1.5)
		drawing.Add(line)
		if len(p.Lines) > 1 {
			drawing.Legend.Add(l.Label, line)
		}
	}
	if len(p.Lines) > 1 { // above the lines
		drawing.Legend.Top, drawing.Legend.Left = true, true
		drawing.Legend.XOffs = vg.Points(12)
		drawing.Legend.Padding = vg.Points(2)
		drawing.Y.Max *= 1.3
	}
	return nil
}
