//go:build gc && !go1.27

// A function without a body needs an assembly file in its package.
