module github.com/roam-rpc/roam-go/bench

go 1.25

require (
	github.com/roam-rpc/roam-go v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.41.0 // indirect
)

replace github.com/roam-rpc/roam-go => ../
