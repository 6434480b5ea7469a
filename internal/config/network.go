package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

const howToWriteNetworks = "addresses, networks and wildcards, such as 192.0.2.7,2001:db8::/32,192.168.*"

// networks reads a list of who is meant by address. A list that means everybody, or
// something else than it seems to, is refused: it would let in or lock out too many.
func (r *reader) networks(variable string) []netip.Prefix {
	value := r.optional(variable, "")
	if value == "" {
		return nil
	}
	var networks []netip.Prefix
	for entry := range strings.SplitSeq(value, ",") {
		entry = strings.TrimSpace(entry)
		network, wrong, set := readNetwork(entry)
		switch {
		case entry == "":
			r.wrong(variable, "has an empty entry", howToWriteNetworks)
		case wrong != "":
			r.wrong(variable, fmt.Sprintf("holds %q, %s", shortened(entry), wrong), set)
		default:
			networks = append(networks, network)
		}
	}
	return networks
}

// readNetwork reads one entry, or says what is wrong with it and what to write.
func readNetwork(entry string) (network netip.Prefix, wrong, set string) {
	switch {
	case leadingZero.MatchString(entry):
		return network, "which has a number with leading zeros", howToWriteNetworks
	case strings.Contains(entry, "*"):
		network, wrong, set = readWildcard(entry)
	case strings.Contains(entry, "/"):
		network, wrong, set = readCIDR(entry)
	default:
		network, wrong, set = readSingle(entry)
	}
	if wrong == "" && network.Bits() == 0 {
		return network, "which is everybody", "the networks that are meant, or don't set it"
	}
	return network, wrong, set
}

// leadingZero finds numbers that some programs read as octal.
var leadingZero = regexp.MustCompile(`^(.*\.)?0[0-9]+\.|^[0-9.]+\.0[0-9]+(/|:|$)|/0[0-9]+$`)

var wildcard = regexp.MustCompile(`^(?:[0-9]{1,3}\.){1,3}\*$`)

// readWildcard reads 192.168.*, whose star is all that may follow.
func readWildcard(entry string) (network netip.Prefix, wrong, set string) {
	if strings.Trim(entry, "*.") == "" {
		return network, "which is everybody", "the networks that are meant, or don't set it"
	}
	octets := strings.Count(entry, ".")
	addr, err := netip.ParseAddr(strings.TrimSuffix(entry, ".*") + strings.Repeat(".0", max(4-octets, 0)))
	if err != nil || !wildcard.MatchString(entry) {
		return network, "which is no wildcard: one star in place of the last numbers of an IPv4 address", "it like 10.* or 192.168.* or 172.16.4.*"
	}
	return netip.PrefixFrom(addr, 8*octets), "", ""
}

func readCIDR(entry string) (network netip.Prefix, wrong, set string) {
	network, err := netip.ParsePrefix(entry)
	switch {
	case err != nil:
		return network, "which is no network", howToWriteNetworks
	case network.Addr().Is4In6() && network.Bits() >= 96:
		plain := netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96).Masked()
		return network, "which is a network of IPv4 written as IPv6", plain.String() + " in its place"
	case network.Addr().Is4In6():
		return network, "which is more than IPv4, written as IPv6", howToWriteNetworks
	case network.Masked() != network:
		return network, "which is an address within a network", network.Masked().String() + " in its place"
	}
	return network, "", ""
}

func readSingle(entry string) (network netip.Prefix, wrong, set string) {
	if withPort, err := netip.ParseAddrPort(entry); err == nil {
		return network, "which has a port", withPort.Addr().WithZone("").Unmap().String() + " in its place"
	}
	addr, err := netip.ParseAddr(entry)
	switch {
	case err != nil:
		return network, "which is no address", howToWriteNetworks
	case addr.Zone() != "":
		return network, "which has a zone", addr.WithZone("").Unmap().String() + " in its place"
	case addr.Is4In6():
		return network, "which is an address of IPv4 written as IPv6", addr.Unmap().String() + " in its place"
	}
	return netip.PrefixFrom(addr, addr.BitLen()), "", ""
}
