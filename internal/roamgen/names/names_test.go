package names

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestKebab(t *testing.T) {
	for name, want := range map[string]string{
		"LoadTemplate":       "load-template",
		"loadTemplate":       "load-template",
		"load_template":      "load-template",
		"GetHTTPURLFor2IDs":  "get-httpurl-for2-i-ds",
		"A1B":                "a1b",
		"a1B":                "a1-b",
		"Echo":               "echo",
		"E":                  "e",
		"ID":                 "id",
		"IDs":                "i-ds",
		"UserID":             "user-id",
		"HTTPServer":         "http-server",
		"HTTP2Server":        "http2-server",
		"X509Certificate":    "x509-certificate",
		"Utf8ToUTF16":        "utf8-to-utf16",
		"__Leading_double__": "leading-double",
		"ÄndereGröße":        "ändere-größe",
		"ÜBERLang":           "über-lang",
		"ПолучитьURL":        "получить-url",
		"世界":                 "世界",
		"Get世界URL":           "get世界-url",
		"V٣Alpha":            "v٣-alpha",
		"V2":                 "v2",
		"v2API":              "v2-api",
		"Point3D":            "point3-d",
		"":                   "",
	} {
		assert.Equal(t, want, Kebab(name), name)
	}
}

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"UserID": "user_id", "HTTPURL2": "httpurl2", "Name": "name", "TopLeft": "top_left",
		"X": "x", "Sha256": "sha256", "Größe": "größe", "already_snake": "already_snake",
	} {
		assert.Equal(t, want, Snake(name), name)
	}
}

func TestVariant(t *testing.T) {
	for _, c := range []struct{ enum, name, want string }{
		{"Color", "ColorRed", "Red"},
		{"Shape", "ShapeCircle", "Circle"},
		{"Color", "Color_Red", "Red"},
		{"Color", "Colorful", "Colorful"},
		{"Color", "Color", "Color"},
		{"Mode", "Mode2", "Mode2"},
		{"color", "colorRed", "Red"},
		{"Shape", "Circle", "Circle"},
		{"Größe", "GrößeÄrmel", "Ärmel"},
	} {
		assert.Equal(t, c.want, Variant(c.enum, c.name), c.name)
	}
}
