package account

// ReadOrigins reads the setting origins.
func ReadOrigins(text string, lax bool) ([]string, error) {
	var t Tenant
	err := set(&t, "origins", text, lax)
	return t.Origins, err
}
