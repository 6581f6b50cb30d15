package main

import "github.com/roam-rpc/roam-go/internal/engine"

// engineName is the shared-memory engine that is built in.
const engineName = engine.Name
