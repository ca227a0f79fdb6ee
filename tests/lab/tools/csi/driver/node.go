package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type nodeServer struct {
	csi.UnimplementedNodeServer
	store *store
	name  string
}

func (n *nodeServer) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	return &csi.NodeGetInfoResponse{NodeId: n.name}, nil
}

func (n *nodeServer) NodeGetCapabilities(
	context.Context, *csi.NodeGetCapabilitiesRequest,
) (*csi.NodeGetCapabilitiesResponse, error) {
	return &csi.NodeGetCapabilitiesResponse{}, nil
}

func (n *nodeServer) NodePublishVolume(
	_ context.Context, asked *csi.NodePublishVolumeRequest,
) (*csi.NodePublishVolumeResponse, error) {
	id, target := asked.GetVolumeId(), asked.GetTargetPath()
	if id == "" || target == "" || asked.GetVolumeCapability() == nil {
		return nil, status.Error(codes.InvalidArgument, "which volume, where, and how?")
	}
	if err := mountable([]*csi.VolumeCapability{asked.GetVolumeCapability()}); err != nil {
		return nil, err
	}
	if _, err := n.store.get(volumes, id); err != nil {
		return nil, answered(err, "volume "+id)
	}
	there, err := mounted(target)
	if err == nil && !there {
		err = bind(n.store.data(volumes, id), target, asked.GetReadonly())
	}
	if err != nil {
		return nil, answered(err, target)
	}
	return &csi.NodePublishVolumeResponse{}, nil
}

func (n *nodeServer) NodeUnpublishVolume(
	_ context.Context, asked *csi.NodeUnpublishVolumeRequest,
) (*csi.NodeUnpublishVolumeResponse, error) {
	target := asked.GetTargetPath()
	if asked.GetVolumeId() == "" || target == "" {
		return nil, status.Error(codes.InvalidArgument, "which volume, and where?")
	}
	there, err := mounted(target)
	if err == nil && there {
		err = syscall.Unmount(target, 0)
	}
	if err == nil {
		// Not what is below it: should it be mounted after all, the volume's files would go.
		if err = os.Remove(target); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return nil, answered(err, target)
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}

func bind(data, target string, readonly bool) error {
	if err := os.MkdirAll(target, 0o750); err != nil {
		return err
	}
	if err := syscall.Mount(data, target, "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s: %w", data, err)
	}
	if !readonly {
		return nil
	}
	return syscall.Mount("", target, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
}

// mounted asks the kernel's own list: two folders of one file system look alike otherwise.
func mounted(target string) (bool, error) {
	real, err := filepath.EvalSymlinks(target)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false, err
	}
	written := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\\", `\134`).Replace(real)
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == written {
			return true, nil
		}
	}
	return false, nil
}
