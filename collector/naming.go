// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
)

const (
	// hostOther stands for the hosts beyond the limit, together.
	hostOther = "other"
	// hashBytes is how many bytes of the hash of a host are shown. Of a hundred thousand
	// hosts, two share them once in more than three billion companies.
	hashBytes = 8
)

// A naming gives the values of the label host.
type naming struct {
	label   config.HostLabel
	hashKey []byte
}

func newNaming(m *config.Metrics) *naming { return &naming{label: m.HostLabel, hashKey: m.HostHashKey} }

// name returns the value of the label for a host with series of its own.
func (n *naming) name(host string) string {
	switch {
	case host == "":
		return inventory.UnknownHost
	case n.label == config.HostLabelHashed:
		mac := hmac.New(sha256.New, n.hashKey)
		mac.Write([]byte(host))
		return hex.EncodeToString(mac.Sum(nil)[:hashBytes])
	default:
		return host
	}
}

// labelOf returns the value of the label for a host, and whether it is folded. All hosts have
// series of their own if admitted is nil.
func (n *naming) labelOf(host string, admitted map[string]bool) (value string, folded bool) {
	if admitted != nil && !admitted[host] {
		return hostOther, true
	}
	return n.name(host), false
}

func (n *naming) equal(other *naming) bool {
	return n.label == other.label && bytes.Equal(n.hashKey, other.hashKey)
}

// hides reports whether the label hides user IDs.
func (n *naming) hides() bool { return n.label != config.HostLabelPlain }

// public returns what may be shown of a user ID outside of the metrics; "" if that is nothing.
func (n *naming) public(userID string) string {
	if n.label == config.HostLabelOff {
		return ""
	}
	return n.name(userID)
}

// matches reports whether somebody who asks for a host means this one: by user ID, or by
// the value of the label.
func (n *naming) matches(asked, host string, folded bool) bool {
	switch {
	case asked == cmp.Or(host, inventory.UnknownHost):
		return true
	case n.label == config.HostLabelOff:
		return false
	case folded:
		return asked == hostOther
	}
	return asked == n.name(host)
}
