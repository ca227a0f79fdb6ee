package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const defaultBytes = 1 << 20

type controller struct {
	csi.UnimplementedControllerServer
	store *store
}

func (c *controller) ControllerGetCapabilities(
	context.Context, *csi.ControllerGetCapabilitiesRequest,
) (*csi.ControllerGetCapabilitiesResponse, error) {
	can := &csi.ControllerGetCapabilitiesResponse{}
	for _, one := range []csi.ControllerServiceCapability_RPC_Type{
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME,
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_SNAPSHOT,
		csi.ControllerServiceCapability_RPC_LIST_SNAPSHOTS,
	} {
		rpc := &csi.ControllerServiceCapability_RPC{Type: one}
		can.Capabilities = append(can.Capabilities, &csi.ControllerServiceCapability{
			Type: &csi.ControllerServiceCapability_Rpc{Rpc: rpc},
		})
	}
	return can, nil
}

func (c *controller) CreateVolume(_ context.Context, asked *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	if asked.GetName() == "" {
		return nil, status.Error(codes.InvalidArgument, "a volume needs a name")
	}
	if err := mountable(asked.GetVolumeCapabilities()); err != nil {
		return nil, err
	}
	bytes := max(asked.GetCapacityRange().GetRequiredBytes(), defaultBytes)
	if limit := asked.GetCapacityRange().GetLimitBytes(); limit > 0 && bytes > limit {
		return nil, status.Errorf(codes.OutOfRange, "a volume has at least %d bytes", bytes)
	}
	wanted := entry{ID: idOf(volumes, asked.GetName()), Name: asked.GetName(), Bytes: bytes}
	from := ""
	if content := asked.GetVolumeContentSource(); content != nil {
		wanted.Source = content.GetSnapshot().GetSnapshotId()
		if wanted.Source == "" {
			return nil, status.Error(codes.InvalidArgument, "volumes are made of snapshots only")
		}
		if _, err := c.store.get(snapshots, wanted.Source); err != nil {
			return nil, answered(err, "snapshot "+wanted.Source)
		}
		from = c.store.data(snapshots, wanted.Source)
	}
	made, err := c.store.make(volumes, wanted, from)
	if err != nil {
		return nil, answered(err, "volume "+wanted.ID)
	}
	if made.Source != wanted.Source || made.Bytes < bytes || over(made.Bytes, asked.GetCapacityRange().GetLimitBytes()) {
		return nil, status.Errorf(codes.AlreadyExists, "volume %s is there with other properties", made.ID)
	}
	return &csi.CreateVolumeResponse{Volume: &csi.Volume{
		VolumeId: made.ID, CapacityBytes: made.Bytes, ContentSource: asked.GetVolumeContentSource(),
	}}, nil
}

func (c *controller) DeleteVolume(_ context.Context, asked *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	if asked.GetVolumeId() == "" {
		return nil, status.Error(codes.InvalidArgument, "which volume?")
	}
	if err := c.store.remove(volumes, asked.GetVolumeId()); err != nil {
		return nil, answered(err, "volume "+asked.GetVolumeId())
	}
	return &csi.DeleteVolumeResponse{}, nil
}

func (c *controller) ValidateVolumeCapabilities(
	_ context.Context, asked *csi.ValidateVolumeCapabilitiesRequest,
) (*csi.ValidateVolumeCapabilitiesResponse, error) {
	if asked.GetVolumeId() == "" || len(asked.GetVolumeCapabilities()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "which volume, and which capabilities?")
	}
	if _, err := c.store.get(volumes, asked.GetVolumeId()); err != nil {
		return nil, answered(err, "volume "+asked.GetVolumeId())
	}
	if err := mountable(asked.GetVolumeCapabilities()); err != nil {
		return &csi.ValidateVolumeCapabilitiesResponse{Message: err.Error()}, nil
	}
	confirmed := &csi.ValidateVolumeCapabilitiesResponse_Confirmed{VolumeCapabilities: asked.GetVolumeCapabilities()}
	return &csi.ValidateVolumeCapabilitiesResponse{Confirmed: confirmed}, nil
}

func (c *controller) CreateSnapshot(_ context.Context, asked *csi.CreateSnapshotRequest) (*csi.CreateSnapshotResponse, error) {
	if asked.GetName() == "" || asked.GetSourceVolumeId() == "" {
		return nil, status.Error(codes.InvalidArgument, "a snapshot needs a name and a volume")
	}
	volume, err := c.store.get(volumes, asked.GetSourceVolumeId())
	if err != nil {
		return nil, answered(err, "volume "+asked.GetSourceVolumeId())
	}
	wanted := entry{
		ID: idOf(snapshots, asked.GetName()), Name: asked.GetName(), Bytes: volume.Bytes, Source: volume.ID,
	}
	made, err := c.store.make(snapshots, wanted, c.store.data(volumes, volume.ID))
	if err != nil {
		return nil, answered(err, "snapshot "+wanted.ID)
	}
	if made.Source != wanted.Source {
		return nil, status.Errorf(codes.AlreadyExists, "snapshot %s is one of volume %s", made.ID, made.Source)
	}
	return &csi.CreateSnapshotResponse{Snapshot: told(made)}, nil
}

func (c *controller) DeleteSnapshot(_ context.Context, asked *csi.DeleteSnapshotRequest) (*csi.DeleteSnapshotResponse, error) {
	if asked.GetSnapshotId() == "" {
		return nil, status.Error(codes.InvalidArgument, "which snapshot?")
	}
	if err := c.store.remove(snapshots, asked.GetSnapshotId()); err != nil {
		return nil, answered(err, "snapshot "+asked.GetSnapshotId())
	}
	return &csi.DeleteSnapshotResponse{}, nil
}

func (c *controller) ListSnapshots(_ context.Context, asked *csi.ListSnapshotsRequest) (*csi.ListSnapshotsResponse, error) {
	all, err := c.store.all(snapshots)
	if err != nil {
		return nil, answered(err, "snapshots")
	}
	chosen := []*csi.ListSnapshotsResponse_Entry{}
	for _, one := range all {
		if wanted(one.ID, asked.GetSnapshotId()) && wanted(one.Source, asked.GetSourceVolumeId()) {
			chosen = append(chosen, &csi.ListSnapshotsResponse_Entry{Snapshot: told(one)})
		}
	}
	begin, end := 0, len(chosen)
	if token := asked.GetStartingToken(); token != "" {
		begin, err = strconv.Atoi(token)
		if err != nil || begin < 0 || begin > len(chosen) {
			return nil, status.Errorf(codes.Aborted, "no page begins at %q", token)
		}
	}
	next := ""
	if most := int(asked.GetMaxEntries()); most > 0 && begin+most < end {
		end = begin + most
		next = strconv.Itoa(end)
	}
	return &csi.ListSnapshotsResponse{Entries: chosen[begin:end], NextToken: next}, nil
}

func wanted(found, asked string) bool { return asked == "" || asked == found }

func over(bytes, limit int64) bool { return limit > 0 && bytes > limit }

func told(one entry) *csi.Snapshot {
	return &csi.Snapshot{
		SnapshotId: one.ID, SourceVolumeId: one.Source, SizeBytes: one.Bytes,
		CreationTime: timestamppb.New(one.Created), ReadyToUse: true,
	}
}

func mountable(asked []*csi.VolumeCapability) error {
	if len(asked) == 0 {
		return status.Error(codes.InvalidArgument, "which capabilities?")
	}
	for _, one := range asked {
		if one.GetMount() == nil {
			return status.Error(codes.InvalidArgument, "volumes are mounted as file systems only")
		}
	}
	return nil
}

func answered(err error, what string) error {
	if errors.Is(err, errAbsent) {
		return status.Errorf(codes.NotFound, "%s: %v", what, err)
	}
	return status.Errorf(codes.Internal, "%s: %v", what, err)
}
