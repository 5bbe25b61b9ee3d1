// SPDX-License-Identifier: Apache-2.0

// Package config reads the configuration file of a server: one strict YAML document into one
// struct whose field comments are the manual. A key that is unknown or given twice is an error,
// because a misspelt key that is silently a default is worse than a server that does not start.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxSize bounds a configuration file, in bytes.
const maxSize = 1 << 20

// Path is a path in a configuration file. Load makes it relative to the file's folder, so that a
// server can be started from anywhere; behind "$CREDENTIALS_DIRECTORY/" it is relative to the folder
// where systemd puts what LoadCredential names.
type Path string

// Duration is a length of time with its unit, such as 200ms, 10m or 1h30m; never negative.
type Duration time.Duration

// UnmarshalYAML refuses a number without a unit, which would be nanoseconds.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	parsed, err := time.ParseDuration(node.Value)
	if node.Kind != yaml.ScalarNode || err != nil || parsed < 0 {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf(
			"line %d: want a duration with its unit, such as 200ms or 10m", node.Line)}}
	}
	*d = Duration(parsed)
	return nil
}

// Load reads the file into the struct that into points to. What the file does not name keeps its
// value. Errors name the file, and where the YAML itself is at fault the line.
func Load(path string, into any) error {
	text, err := read(path)
	if err != nil {
		return err
	}
	if err := decode(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	resolve(reflect.ValueOf(into).Elem(), filepath.Dir(path))
	return nil
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(text) > maxSize {
		err = fmt.Errorf("%s: more than %d bytes", path, maxSize)
	}
	return text, err
}

func decode(text []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	err := decoder.Decode(into)
	if errors.Is(err, io.EOF) {
		return errors.New("holds no configuration")
	}
	if err != nil {
		return plain(err)
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return fmt.Errorf("line %d: want one YAML document, here begins a second", second.Line)
	}
	return nil
}

// How the YAML package reports a key that the struct does not have, and a value of another kind. The
// name of a Go type says nothing to an operator, and the value may be a secret in the wrong place.
var (
	unknownKey = regexp.MustCompile(`field (.*) not found in type .*`)
	wrongKind  = regexp.MustCompile(`(?s)cannot unmarshal !!(\w+).* into (\S+)$`)
)

// plain returns the YAML package's errors as one error each, in words of the file.
func plain(err error) error {
	var many *yaml.TypeError
	if !errors.As(err, &many) {
		return err
	}
	var all []error
	for _, text := range many.Errors {
		text = unknownKey.ReplaceAllString(text, `unknown key "$1"`)
		if m := wrongKind.FindStringSubmatch(text); m != nil {
			text = strings.Replace(text, m[0], "want "+wanted(m[2])+", not "+found(m[1]), 1)
		}
		all = append(all, errors.New(text))
	}
	return errors.Join(all...)
}

// number matches the Go types of numbers.
var number = regexp.MustCompile(`^(u?int|float)\d*$`)

// wanted names what a Go type takes.
func wanted(goType string) string {
	switch {
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	case number.MatchString(goType):
		return "a number"
	case goType == "bool":
		return "true or false"
	case goType == "string", goType == reflect.TypeFor[Path]().String():
		return "text"
	default:
		return "a mapping of keys"
	}
}

// kinds names the YAML tags.
var kinds = map[string]string{
	"seq": "a list", "map": "a mapping of keys", "str": "text", "null": "nothing",
}

// found names what stands in the file by its YAML tag.
func found(tag string) string {
	if name, ok := kinds[tag]; ok {
		return name
	}
	return "a value of type " + tag
}

// resolve joins every Path within v to the folder.
func resolve(v reflect.Value, folder string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			resolve(v.Elem(), folder)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				resolve(v.Field(i), folder)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			resolve(v.Index(i), folder)
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[Path]() {
			v.SetString(absolute(v.String(), folder))
		}
	}
}

func absolute(path, folder string) string {
	credentials := os.Getenv("CREDENTIALS_DIRECTORY")
	name, ok := strings.CutPrefix(path, "$CREDENTIALS_DIRECTORY/")
	switch {
	case ok && credentials != "": // without it, a file of that name will be missed
		return filepath.Join(credentials, name)
	case path == "" || filepath.IsAbs(path):
		return path
	default:
		return filepath.Join(folder, path)
	}
}
