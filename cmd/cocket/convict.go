// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"slices"

	"cocket.example/cmd/internal/keyfile"
	"cocket.example/receipt"
)

// convictedError is the outcome of a fork that is proven.
type convictedError struct{ origin string }

func (e convictedError) Error() string {
	return fmt.Sprintf("the log %s has forked: nothing that rests on its word alone is to be believed", e.origin)
}

// conviction is what a fork proves, for people and programs.
type conviction struct {
	Proven      bool        `json:"proven"` // always: what proves nothing is not printed
	Kind        string      `json:"kind"`   // fork
	Log         string      `json:"log"`
	Checkpoints []testified `json:"checkpoints"`    // one or two, the older one first
	Root        string      `json:"root,omitempty"` // of the older size, in the newer tree
}

// testified is a tree that the log has signed.
type testified struct {
	Size uint64   `json:"size"`
	Root string   `json:"root"`
	Keys []string `json:"keys"` // name and id of those that signed
}

// convict checks a fork with the keys of the policy's logs and those of --log-key, and says what it
// proves. Of one that is proven it returns a convictedError.
func (v verification) convict(w io.Writer, file []byte, logs []receipt.Log) error {
	known := slices.Clone(logs)
	for _, text := range v.logKeys {
		key, err := keyfile.VerifierKey(text)
		if err != nil {
			return fmt.Errorf("--log-key: %w", err)
		}
		known = append(known, receipt.Log{Key: key})
	}
	fork, err := receipt.ParseFork(file)
	if err != nil {
		return refutedError{fmt.Errorf("this proves nothing: %w", err)}
	}
	signers, err := fork.SignedBy(known...)
	if err != nil {
		return refutedError{fmt.Errorf("this proves nothing: %w", err)}
	}
	c := newConviction(fork, signers)
	if v.json {
		err = printJSON(w, c)
	} else {
		err = c.print(w)
	}
	if err != nil {
		return err
	}
	return convictedError{c.Log}
}

func newConviction(fork receipt.Fork, signers [][]receipt.VerifierKey) conviction {
	c := conviction{Proven: true, Kind: "fork"}
	for i, cp := range fork.Checkpoints() {
		t := testified{Size: cp.Size, Root: base64Hash(cp.Root)}
		for _, k := range signers[i] {
			t.Keys = append(t.Keys, fmt.Sprintf("%s+%08x", k.Name, k.ID))
		}
		c.Log, c.Checkpoints = cp.Origin, append(c.Checkpoints, t)
	}
	if p := fork.Prefix(); p.Root != (receipt.Hash{}) {
		c.Root = base64Hash(p.Root)
	}
	return c
}

func (c conviction) print(w io.Writer) error {
	f := &facts{}
	f.add("log", c.Log)
	for _, t := range c.Checkpoints {
		f.add("signed", fmt.Sprintf("size %d root %s", t.Size, t.Root))
		for _, k := range t.Keys {
			f.add("with key", k)
		}
	}
	if c.Root != "" {
		f.add("in which", fmt.Sprintf("size %d root %s", c.Checkpoints[0].Size, c.Root))
	}
	_, err := fmt.Fprintf(w, "%s\n%s\nNot proven by this: which of the trees is right, and whether it was intent,\n"+
		"a mistake or a thief of the key.\n", f, c.words())
	return err
}

// words says what is proven.
func (c conviction) words() string {
	name := printable(c.Log)
	if len(c.Checkpoints) == 1 {
		return fmt.Sprintf("Proven: the log %s\n"+
			"has signed a tree without entries that is not the empty tree.\n", name)
	}
	head := fmt.Sprintf("Proven: the log %s\nhas signed two trees that contradict each other.\n", name)
	older, newer := c.Checkpoints[0].Size, c.Checkpoints[1].Size
	if older == newer {
		return head + fmt.Sprintf("Both have %d entries, and not the same ones.\n", older)
	}
	return head + fmt.Sprintf("The larger one, of %d entries, does not begin with the %d entries of the\n"+
		"smaller one.\n", newer, older)
}
