// The lab's CSI driver: a folder on the node for each volume and each snapshot, copied as a whole.
//
// It is as small as the lab's questions allow: volumes that are mounted as file systems on the one
// node there is, and snapshots of them. It speaks gRPC to its sidecars at -endpoint, and tells the
// kubelet of itself at -registration. Its folder can be looked into, and damaged, by a test.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// Name is what storage classes and snapshot classes call the driver.
const Name = "csi.lab.local"

const version = "1.0.0"

func main() {
	endpoint := flag.String("endpoint", "", "socket at which sidecars and kubelet call the driver")
	register := flag.String("registration", "", "socket at which the kubelet learns of the driver; none if empty")
	folder := flag.String("folder", "", "where volumes and snapshots are kept")
	node := flag.String("node", "", "what the node is called")
	flag.Parse()
	if err := run(*endpoint, *register, *folder, *node); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(endpoint, register, folder, node string) error {
	stored, err := openStore(folder)
	if err != nil {
		return err
	}
	driver := newServer(stored, node)
	listener, err := listen(endpoint)
	if err != nil {
		return err
	}
	ended := make(chan error, 2)
	go func() { ended <- driver.Serve(listener) }()
	kubelet := grpc.NewServer()
	if register != "" {
		registration.RegisterRegistrationServer(kubelet, &announcer{endpoint: endpoint})
		socket, err := listen(register)
		if err != nil {
			return err
		}
		go func() { ended <- kubelet.Serve(socket) }()
	}
	told, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	select {
	case err := <-ended:
		return err
	case <-told.Done():
		kubelet.Stop()
		driver.Stop()
		return nil
	}
}

func newServer(stored *store, node string) *grpc.Server {
	server := grpc.NewServer(grpc.UnaryInterceptor(logged))
	csi.RegisterIdentityServer(server, &identity{})
	csi.RegisterControllerServer(server, &controller{store: stored})
	csi.RegisterNodeServer(server, &nodeServer{store: stored, name: node})
	return server
}

func listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return net.Listen("unix", path)
}

func logged(ctx context.Context, request any, call *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	answer, err := next(ctx, request)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", call.FullMethod, err)
	}
	return answer, err
}

// announcer answers the kubelet, which finds the socket by looking into its folder.
type announcer struct {
	registration.UnimplementedRegistrationServer
	endpoint string
}

func (a *announcer) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type: registration.CSIPlugin, Name: Name, Endpoint: a.endpoint, SupportedVersions: []string{version},
	}, nil
}

func (a *announcer) NotifyRegistrationStatus(
	_ context.Context, status *registration.RegistrationStatus,
) (*registration.RegistrationStatusResponse, error) {
	if !status.PluginRegistered {
		fmt.Fprintf(os.Stderr, "the kubelet did not take the driver: %s\n", status.Error)
	}
	return &registration.RegistrationStatusResponse{}, nil
}
