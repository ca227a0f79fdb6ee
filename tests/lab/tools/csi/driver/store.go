package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"sync"
	"time"
)

// entry is a volume or a snapshot: what was asked for, beside the folder with its files.
type entry struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Bytes   int64     `json:"bytes"`
	Source  string    `json:"source,omitempty"` // the volume of a snapshot, the snapshot of a volume
	Created time.Time `json:"created"`
}

// store keeps volumes and snapshots in folders: KIND/ID/data and KIND/ID/about.json.
type store struct {
	folder string
	mutex  sync.Mutex
}

type kind string

const (
	volumes   kind = "volumes"
	snapshots kind = "snapshots"
)

var errAbsent = errors.New("there is none of that id")

func openStore(folder string) (*store, error) {
	for _, what := range []kind{volumes, snapshots} {
		if err := os.MkdirAll(filepath.Join(folder, string(what)), 0o755); err != nil {
			return nil, err
		}
	}
	return &store{folder: folder}, nil
}

// idOf makes the same id of the same name, so that a call that is made twice makes one thing.
func idOf(what kind, name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%.4s-%s", what, hex.EncodeToString(sum[:8]))
}

func (s *store) place(what kind, id string) string {
	return filepath.Join(s.folder, string(what), filepath.Base(id))
}

func (s *store) data(what kind, id string) string {
	return filepath.Join(s.place(what, id), "data")
}

func (s *store) get(what kind, id string) (entry, error) {
	var found entry
	if id == "" || filepath.Base(id) != id {
		return found, errAbsent
	}
	text, err := os.ReadFile(filepath.Join(s.place(what, id), "about.json"))
	if errors.Is(err, os.ErrNotExist) {
		return found, errAbsent
	}
	if err != nil {
		return found, err
	}
	return found, json.Unmarshal(text, &found)
}

// all returns what there is, in the order of ids.
func (s *store) all(what kind) ([]entry, error) {
	places, err := os.ReadDir(filepath.Join(s.folder, string(what)))
	if err != nil {
		return nil, err
	}
	found := []entry{}
	for _, place := range places {
		one, err := s.get(what, place.Name())
		if errors.Is(err, errAbsent) {
			continue // it is being made
		}
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	sort.Slice(found, func(i, j int) bool { return found[i].ID < found[j].ID })
	return found, nil
}

// make makes a thing unless it is there; its files are a copy of `from` where that is not empty.
func (s *store) make(what kind, wanted entry, from string) (entry, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if found, err := s.get(what, wanted.ID); err == nil || !errors.Is(err, errAbsent) {
		return found, err
	}
	wanted.Created = time.Now().UTC()
	fresh := s.place(what, ".new-"+wanted.ID)
	if err := os.RemoveAll(fresh); err != nil {
		return wanted, err
	}
	if err := fill(filepath.Join(fresh, "data"), from); err != nil {
		return wanted, err
	}
	text, err := json.Marshal(wanted)
	if err != nil {
		return wanted, err
	}
	if err := os.WriteFile(filepath.Join(fresh, "about.json"), text, 0o600); err != nil {
		return wanted, err
	}
	return wanted, os.Rename(fresh, s.place(what, wanted.ID))
}

func fill(data, from string) error {
	if err := os.MkdirAll(data, 0o755); err != nil {
		return err
	}
	if from == "" {
		return os.Chmod(data, 0o777) // whoever the pod runs as
	}
	said, err := exec.Command("cp", "--archive", from+"/.", data).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	return nil
}

func (s *store) remove(what kind, id string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if id == "" || filepath.Base(id) != id {
		return nil
	}
	return os.RemoveAll(s.place(what, id))
}
