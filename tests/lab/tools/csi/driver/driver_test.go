package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/kubernetes-csi/csi-test/v5/pkg/sanity"
)

// TestSanity asks the judge that the CSI project keeps for drivers.
func TestSanity(t *testing.T) {
	folder := t.TempDir()
	stored, err := openStore(filepath.Join(folder, "store"))
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(folder, "csi.sock")
	listener, err := listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	server := newServer(stored, "lab-node")
	go func() {
		// The judge waits for a change to "ready", and for a minute in vain if that came too early.
		time.Sleep(time.Second)
		_ = server.Serve(listener)
	}()
	t.Cleanup(server.Stop)
	config := sanity.NewTestConfig()
	config.Address = socket
	config.TargetPath = filepath.Join(folder, "target")
	config.StagingPath = filepath.Join(folder, "staging")
	sanity.Test(t, config)
}
