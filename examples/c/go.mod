module github.com/roam-rpc/roam-go/examples/c

go 1.25

require (
	github.com/roam-rpc/roam-go v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/klauspost/cpuid/v2 v2.0.9 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/mod v0.31.0 // indirect
	golang.org/x/sync v0.19.0 // indirect
	golang.org/x/sys v0.41.0 // indirect
	golang.org/x/tools v0.40.0 // indirect
	lukechampine.com/blake3 v1.4.1 // indirect
)

replace github.com/roam-rpc/roam-go => ../..

tool github.com/roam-rpc/roam-go/cmd/roamgen
