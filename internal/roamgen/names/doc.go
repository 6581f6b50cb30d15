// Package names makes wire names of Go names: kebab-case for what is hashed into method
// ids, snake_case for fields, and variant names without their enum's.
package names
