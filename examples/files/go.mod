module github.com/roam-rpc/roam-go/examples/files

go 1.25.0

require (
	github.com/rivo/uniseg v0.4.7
	github.com/roam-rpc/roam-go v0.0.0
	github.com/schollz/progressbar/v3 v3.19.1
	github.com/spf13/pflag v1.1.0
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
	golang.org/x/sync v0.20.0
	golang.org/x/term v0.44.0
)

require (
	github.com/klauspost/cpuid/v2 v2.0.9 // indirect
	github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/mod v0.31.0 // indirect
	golang.org/x/sys v0.46.0 // indirect
	golang.org/x/tools v0.40.0 // indirect
	lukechampine.com/blake3 v1.4.1 // indirect
)

replace github.com/roam-rpc/roam-go => ../..

tool github.com/roam-rpc/roam-go/cmd/roamgen
