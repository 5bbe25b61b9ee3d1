// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

type sample struct {
	Common  `yaml:",inline"`
	Name    string   `yaml:"name"`
	Count   int      `yaml:"count"`
	Wait    Duration `yaml:"wait"`
	File    Path     `yaml:"file"`
	Files   []Path   `yaml:"files"`
	Members []member `yaml:"members"`
	Extra   *member  `yaml:"extra"`
}

type Common struct {
	Log Path `yaml:"log"`
}

type member struct {
	Name string `yaml:"name"`
	Key  Path   `yaml:"key"`
}

func load(t *testing.T, text string) (sample, string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s := sample{Count: 7}
	err := Load(path, &s)
	return s, filepath.Dir(path), err
}

func TestLoad(t *testing.T) {
	got, dir, err := load(t, `
# a comment
log: a.log
name: one     # another
wait: 1m30s
file: sub/../b
files: [c, /absolute/d, ../e]
members:
  - {name: x, key: f}
  - name: y
extra: {key: g}
`)
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) Path { return Path(filepath.Join(dir, name)) }
	want := sample{
		Common: Common{in("a.log")}, Name: "one", Count: 7, Wait: Duration(90 * time.Second),
		File: in("b"), Files: []Path{in("c"), "/absolute/d", in("../e")},
		Members: []member{{"x", in("f")}, {Name: "y"}}, Extra: &member{Key: in("g")},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestRefused shows what is refused, and that the error names the file and the line.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "holds no configuration"},
		{"# only a comment\n", "holds no configuration"},
		{"name: a\nnmae: b\n", `line 2: unknown key "nmae"`},
		{"members:\n- name: a\n  kye: b\n", `line 3: unknown key "kye"`},
		{"Name: a\n", `line 1: unknown key "Name"`},
		{"name: a\ncount: 1\nname: b\n", `line 3: mapping key "name" already defined at line 1`},
		{"extra: {name: a, name: b}\n", `line 1: mapping key "name" already defined at line 1`},
		{"name: a\ncount: many\n", "line 2: want a number, not text"},
		{"name: [a]\n", "line 1: want text, not a list"},
		{"file: {a: b}\n", "line 1: want text, not a mapping of keys"},
		{"files: a\n", "line 1: want a list, not text"},
		{"members:\n- a\n", "line 2: want a mapping of keys, not text"},
		{"- name: a\n", "line 1: want a mapping of keys, not a list"},
		{"name: a\n\tcount: 1\n", "line 2: "},
		{"name: a\n---\nname: b\n", "line 2: want one YAML document, here begins a second"},
		{"name: a\n---\n", "line 2: want one YAML document, here begins a second"},
		{"name: a\n---\n{]\n", "want one YAML document"},
		{"name: a\n...\njunk: [\n", "want one YAML document"},
		{"wait: 5\n", "line 1: want a duration with its unit"},
		{"wait: -5s\n", "line 1: want a duration with its unit"},
		{"wait: [5s]\n", "line 1: want a duration with its unit"},
		{"wait: soon\n", "line 1: want a duration with its unit"},
		{"name: a\xff\n", "sample.yaml: "},
		{"name: " + strings.Repeat("a", 1<<20) + "\n", "more than 1048576 bytes"},
	} {
		_, dir, err := load(t, c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) ||
			!strings.HasPrefix(err.Error(), filepath.Join(dir, "sample.yaml")+": ") {
			t.Errorf("%.40q: error %v, want the file and %q", c.text, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "config.sample") {
			t.Errorf("%.40q: error names a Go type: %v", c.text, err)
		}
	}
}

// TestEveryError shows that all mistakes are named at once.
func TestEveryError(t *testing.T) {
	_, _, err := load(t, "nmae: a\nwait: 5\ncuont: 1\n")
	for _, want := range []string{"line 1: ", "line 2: ", "line 3: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

func TestMissing(t *testing.T) {
	var s sample
	if err := Load(filepath.Join(t.TempDir(), "missing.yaml"), &s); !os.IsNotExist(err) {
		t.Errorf("missing file: %v", err)
	}
}

// TestZeroDuration shows that 0 needs no unit.
func TestZeroDuration(t *testing.T) {
	if got, _, err := load(t, "wait: 0\n"); err != nil || got.Wait != 0 {
		t.Errorf("%v, %v", got.Wait, err)
	}
}

// A path below the folder of credentials is found there, wherever the file lies; without such a folder it
// is one like any other.
func TestCredentials(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, []byte("key: $CREDENTIALS_DIRECTORY/w1.key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{
		"/run/credentials/w.service": "/run/credentials/w.service/w1.key",
		"":                           filepath.Join(filepath.Dir(file), "$CREDENTIALS_DIRECTORY/w1.key"),
	} {
		t.Setenv("CREDENTIALS_DIRECTORY", folder)
		var c struct {
			Key Path `yaml:"key"`
		}
		if err := Load(file, &c); err != nil || string(c.Key) != want {
			t.Errorf("%q: key %q, %v; want %q", folder, c.Key, err, want)
		}
	}
}
