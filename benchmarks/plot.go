// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
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

// save draws the plot as SVG.
func (p Plot) save(path string) error {
	drawing := plot.New()
	drawing.Title.Text, drawing.X.Label.Text, drawing.Y.Label.Text = p.Title, p.X, p.Y
	drawing.Y.Min = 0
	drawing.Legend.Top = true
	if err := p.draw(drawing); err != nil {
		return fmt.Errorf("plot %s: %w", p.Name, err)
	}
	width := max(6, vg.Length(len(p.Bars))*1.1)
	return drawing.Save(width*vg.Inch, 4*vg.Inch, path)
}

func (p Plot) draw(drawing *plot.Plot) error {
	if len(p.Bars) > 0 {
		var values plotter.Values
		var labels []string
		for _, b := range p.Bars {
			values, labels = append(values, b.Value), append(labels, b.Label)
		}
		bars, err := plotter.NewBarChart(values, vg.Points(30))
		if err != nil {
			return err
		}
		bars.Color = plotutil.Color(0)
		drawing.Add(bars)
		drawing.NominalX(labels...)
	}
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
		drawing.Legend.Add(l.Label, line)
	}
	return nil
}
