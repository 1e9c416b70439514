// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package preflight

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"sync"
	"syscall"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
)

// connect asks for an access token, and reports each stage of the way there: the very call
// that the exporter makes first shows what the network does with it.
func (c *corp) connect(ctx context.Context) bool {
	var t trace
	err := c.client.Authenticate(httptrace.WithClientTrace(ctx, t.hooks()))
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.isUsed() && !c.reportWay(&t, err) {
		return false
	}
	if err != nil {
		c.failed(StepToken, errorText(err), remedyText(err))
		return false
	}
	c.ok(StepToken, text{"WeCom accepts the corp ID and the secret", "企业微信已接受企业 ID 与 Secret"}, text{})
	return true
}

// way returns the steps on the way to an access token.
func (c *corp) way() []Name {
	var names []Name
	for _, s := range routeOf(c.config).stages() {
		names = append(names, s.name)
	}
	return append(names, StepToken)
}

// reportWay reports the stages of the way to WeCom, and whether all were passed.
func (c *corp) reportWay(t *trace, err error) bool {
	stages := routeOf(c.config).stages()
	for i, s := range stages {
		seen, remedy, ok := s.check(t, err)
		if !ok {
			c.failed(s.name, seen, remedy)
			for _, later := range stages[i+1:] {
				c.skipAfter(s.name, later.name)
			}
			c.skipAfter(s.name, StepToken)
			return false
		}
		c.ok(s.name, seen, text{})
	}
	return true
}

// A route is the way to the API of a corp.
type route struct{ api, proxy *url.URL } // proxy is nil if there is none

func routeOf(c *config.Corp) route {
	api, err := url.Parse(c.APIURL)
	if err != nil {
		return route{api: &url.URL{}} // It was valid when the configuration was loaded.
	}
	find := c.HTTPClientConfig.Proxy()
	if find == nil {
		return route{api: api}
	}
	proxy, err := find(&http.Request{URL: api})
	if err != nil {
		return route{api: api}
	}
	return route{api, proxy}
}

// first returns the host that is connected to: that of the proxy, if there is one.
func (r route) first() *url.URL {
	if r.proxy != nil {
		return r.proxy
	}
	return r.api
}

// A stage is a part of the way. Its check returns what a call met there, or what failed and
// what to do about it; err is the error of the call.
type stage struct {
	name  Name
	check func(t *trace, err error) (seen, remedy text, ok bool)
}

func (r route) stages() []stage {
	stages := []stage{{StepDNS, r.checkDNS}, {StepTCP, r.checkTCP}}
	if r.api.Scheme != "https" {
		return stages
	}
	if r.proxy != nil {
		stages = append(stages, stage{StepProxy, r.checkProxy})
	}
	return append(stages, stage{StepTLS, r.checkTLS})
}

func (r route) checkDNS(t *trace, err error) (seen, remedy text, ok bool) {
	name := r.first().Hostname()
	_, notAddress := netip.ParseAddr(name)
	switch {
	case notAddress == nil:
		return textf("%s is an address", "%s 是 IP 地址，无需解析", name), text{}, true
	case t.dnsErr != nil || len(t.addresses) == 0:
		return refusal(name, t.dnsErr), remedyText(err), false
	}
	return textf("%s is %s (1 of %d addresses)", "%s 解析为 %s（共 %d 个地址）",
		name, t.addresses[0].String(), len(t.addresses)), text{}, true
}

func (r route) checkTCP(t *trace, _ error) (seen, remedy text, ok bool) {
	to := r.first().Host
	switch {
	case t.connected != "":
		return textf("connected to %s", "已连接 %s", t.connected), text{}, true
	case r.proxy != nil:
		remedy = text{
			"check the address of the proxy, and that it is running",
			"请检查代理的地址，并确认代理正在运行",
		}
	default:
		remedy = text{
			"allow outbound connections to " + to + " in the firewall, or set --wecom.proxy-url",
			"请在防火墙放行到 " + to + " 的出站连接，或设置 --wecom.proxy-url",
		}
	}
	return refusal(to, t.connectErr), remedy, false
}

func (r route) checkProxy(t *trace, err error) (seen, remedy text, ok bool) {
	if t.tlsStarted {
		return textf("%s leads to %s", "%s 可连接到 %s", r.proxy.Host, r.api.Host), text{}, true
	}
	return errorText(err), text{
		"allow " + r.api.Host + " in the proxy, and check the user name and password of the proxy",
		"请在代理中放行 " + r.api.Host + "，并检查代理的用户名和密码",
	}, false
}

func (r route) checkTLS(t *trace, err error) (seen, remedy text, ok bool) {
	if t.tlsStarted && t.tlsErr == nil && t.tlsVersion != 0 {
		return textf("%s with a valid certificate of %s", "%s，%s 的证书有效",
			tls.VersionName(t.tlsVersion), r.api.Hostname()), text{}, true
	}
	return errorText(err), remedyText(err), false
}

// refusal returns why a name has no address, or an address no connection.
func refusal(of string, err error) text {
	return text{
		fmt.Sprintf("%s: %v", of, cause(err)),
		fmt.Sprintf("%s：%s（%v）", of, causeInChinese(err), cause(err)),
	}
}

// causeInChinese returns what cause returns in general terms: its own text is in English.
func causeInChinese(err error) string {
	dnsErr, isDNS := errors.AsType[*net.DNSError](err)
	netErr, isNet := errors.AsType[net.Error](err)
	switch {
	case isDNS && dnsErr.IsNotFound:
		return "域名不存在"
	case isDNS && dnsErr.IsTimeout:
		return "DNS 查询超时"
	case isDNS:
		return "DNS 查询失败"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "连接被拒绝"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "网络不可达"
	case isNet && netErr.Timeout():
		return "连接超时"
	}
	return "无法连接"
}

// cause returns the innermost error: those around it repeat the address.
func cause(err error) error {
	if dnsErr, ok := errors.AsType[*net.DNSError](err); ok {
		return errors.New(dnsErr.Err)
	}
	if opErr, ok := errors.AsType[*net.OpError](err); ok {
		return opErr.Err
	}
	return err
}

// A trace is what the last attempt of a call met on its way.
type trace struct {
	mu         sync.Mutex
	dnsErr     error
	addresses  []net.IPAddr
	connectErr error
	connected  string // the address; "": no connection came about
	tlsStarted bool
	tlsErr     error
	tlsVersion uint16
}

// isUsed reports whether a call was sent at all. It is not without a secret, for example.
func (t *trace) isUsed() bool { return t.dnsErr != nil || t.connectErr != nil || t.connected != "" }

func (t *trace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSDone: func(info httptrace.DNSDoneInfo) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.dnsErr, t.addresses = info.Err, info.Addrs
		},
		ConnectDone: func(_, address string, err error) {
			t.mu.Lock()
			defer t.mu.Unlock()
			if err != nil {
				t.connectErr = err
				return
			}
			t.connected = address
		},
		TLSHandshakeStart: func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.tlsStarted = true
		},
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.tlsErr, t.tlsVersion = err, state.Version
		},
	}
}
