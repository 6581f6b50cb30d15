package core

import "fmt"

// Violation is a rule that the peer broke. The connection ends with a Goodbye whose
// reason is the Violation's text.
type Violation struct {
	Rule   string // the rule id
	Detail string // what, value and bound
}

func (v *Violation) Error() string { return v.Rule + ": " + v.Detail }

func violation(rule, format string, args ...any) error {
	return &Violation{Rule: rule, Detail: fmt.Sprintf(format, args...)}
}
