// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changelog

import (
	"encoding/binary"
	"errors"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// Bits of the flags of an encoded change, and of an encoded sharing.
const (
	changeKindMask = 0x07
	changeBefore   = 0x08
	changeAfter    = 0x10
	changeBits     = changeKindMask | changeBefore | changeAfter

	sharingAudienceMask = 0x03
	sharingPassword     = 0x04
	sharingDownload     = 0x08
	sharingExposed      = 0x10
	sharingExpires      = 0x20
	sharingBits         = sharingAudienceMask | sharingPassword | sharingDownload | sharingExposed | sharingExpires
)

// appendTo appends an encoded change to b. Numbers are varints, and times are encoded as
// differences from that of the change.
func appendTo(b []byte, c *ledger.Change) []byte {
	flags := byte(c.Kind) & changeKindMask
	if c.Before != nil {
		flags |= changeBefore
	}
	if c.After != nil {
		flags |= changeAfter
	}
	b = append(b, flags)
	b = binary.AppendVarint(b, int64(c.At))
	b = binary.AppendVarint(b, int64(c.Start-c.At))
	for _, s := range []string{c.Recording, c.File, c.Host} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	for _, s := range []*ledger.Sharing{c.Before, c.After} {
		if s != nil {
			b = appendSharing(b, s, c.At)
		}
	}
	return b
}

func appendSharing(b []byte, s *ledger.Sharing, at wecom.Instant) []byte {
	flags := byte(s.Audience) & sharingAudienceMask
	if s.Password == recording.PasswordSet {
		flags |= sharingPassword
	}
	if s.Download == recording.DownloadAllowed {
		flags |= sharingDownload
	}
	if s.Exposed {
		flags |= sharingExposed
	}
	if s.Expire == 0 {
		return append(b, flags)
	}
	return binary.AppendVarint(append(b, flags|sharingExpires), int64(s.Expire-at))
}

var errChange = errors.New("not an encoded change")

// Decode reads an encoded change, whose strings share the memory of the text.
func Decode(text string) (ledger.Change, error) {
	d := recording.NewReader(text)
	flags := d.Byte()
	c := ledger.Change{Kind: ledger.Kind(flags & changeKindMask), At: wecom.Instant(d.Varint())}
	c.Start = c.At + wecom.Instant(d.Varint())
	c.Recording, c.File, c.Host = d.String(), d.String(), d.String()
	ok := flags&^changeBits == 0 && c.Kind < ledger.NumKinds && c.Recording != ""
	if flags&changeBefore != 0 {
		var valid bool
		c.Before, valid = decodeSharing(&d, c.At)
		ok = ok && valid
	}
	if flags&changeAfter != 0 {
		var valid bool
		c.After, valid = decodeSharing(&d, c.At)
		ok = ok && valid
	}
	if d.Close() != nil || !ok {
		return ledger.Change{}, errChange
	}
	return c, nil
}

func decodeSharing(d *recording.Reader, at wecom.Instant) (s *ledger.Sharing, ok bool) {
	flags := d.Byte()
	s = &ledger.Sharing{
		Audience: recording.Audience(flags & sharingAudienceMask),
		Exposed:  flags&sharingExposed != 0,
	}
	if flags&sharingPassword != 0 {
		s.Password = recording.PasswordSet
	}
	if flags&sharingDownload != 0 {
		s.Download = recording.DownloadAllowed
	}
	if flags&sharingExpires != 0 {
		s.Expire = at + wecom.Instant(d.Varint())
	}
	return s, flags&^sharingBits == 0 && s.Audience < recording.NumAudiences
}
