// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// Remedies of a call that did not get through.
var (
	remedyNetwork = bilingual{
		"check the network, DNS, the proxy and --wecom.api-url",
		"请检查网络、DNS、代理以及 --wecom.api-url",
	}
	remedyTimeout = bilingual{
		"check whether a firewall, the proxy or the network blocks calls; try the same host with curl from here",
		"请检查防火墙、代理或网络是否阻断了调用，可在本机用 curl 访问同一主机验证",
	}
	remedyDNS = bilingual{
		"check the spelling of the host in --wecom.api-url and in the proxy's URL, and the DNS of this machine or " +
			"container; if it reaches the Internet only through a proxy, set --wecom.proxy-url",
		"请检查 --wecom.api-url 与代理地址中的主机名，以及本机或容器的 DNS；如果只能通过代理访问外网，请设置 --wecom.proxy-url",
	}
	remedyRefused = bilingual{
		"nothing listens at that address: check host and port in --wecom.api-url, and whether a firewall rejects connections",
		"该地址没有服务在监听：请检查 --wecom.api-url 的主机与端口，或防火墙是否拒绝连接",
	}
	remedyProxy = bilingual{
		"the proxy cannot be reached: check --wecom.proxy-url, http_config: proxy_url or HTTPS_PROXY",
		"无法连接代理：请检查 --wecom.proxy-url、http_config: proxy_url 或 HTTPS_PROXY",
	}
	remedyProxyRefusal = bilingual{
		"the proxy blocks the call: allow the host of --wecom.api-url on port 443 in the proxy",
		"代理拒绝了连接：请在代理上放行 --wecom.api-url 的主机与 443 端口",
	}
	remedyProxyLogin = bilingual{
		"the proxy asks for a user name and a password: put them into its URL: http://user:password@host:port",
		"代理要求身份验证：请在代理地址中写上用户名与密码，即 http://user:password@host:port",
	}
	remedyTLS = bilingual{
		"TLS failed: check that the port in --wecom.api-url speaks TLS, and check the proxy's TLS settings",
		"TLS 握手失败：请确认 --wecom.api-url 的端口支持 TLS，并检查代理的 TLS 设置",
	}
	remedyHostName = bilingual{
		"the certificate belongs to another host: check --wecom.api-url, DNS, and whether a proxy answers instead of WeCom",
		"证书属于其他主机：请检查 --wecom.api-url、DNS，以及是否有代理代替企业微信响应",
	}
	remedyExpired = bilingual{
		"the certificate has expired or is not valid yet: check the clock of this host, or renew the certificate",
		"证书已过期或尚未生效：请检查本机时钟，或更新证书",
	}
	remedyNoRoots = bilingual{
		"this host has no CA certificates: install them, for example with the package ca-certificates",
		"本机没有 CA 证书：请安装，例如安装 ca-certificates 软件包",
	}
)

// remedyFile is for a file that is read again at each call, such as that of a password.
var remedyFile = bilingual{
	"a file that http_config names cannot be read: put it back, and make it readable for the exporter",
	"无法读取 http_config 中指定的文件：请恢复该文件，并确认本程序有读取权限",
}

// unknownAuthority returns the remedy for a certificate of a CA that is not trusted.
func unknownAuthority(issuer string) bilingual {
	return bilingual{
		fmt.Sprintf("the certificate was issued by %q, which this host does not trust: if that is the CA of your proxy, "+
			"name a file with its certificate in http_config: tls_config: ca_file, or in SSL_CERT_FILE", issuer),
		fmt.Sprintf("证书由 %q 签发，本机不信任该 CA：如果是公司代理的 CA，请将其证书存为文件，"+
			"并在 http_config: tls_config: ca_file 或 SSL_CERT_FILE 中指定", issuer),
	}
}

// remedyOf returns what to do about an error of the HTTP transport. A proxy may be
// the cause of errors of TLS, and names and addresses may be the proxy's.
func remedyOf(err error, query url.Values) bilingual {
	if remedy, ok := remedyOfTLS(err, query); ok {
		return remedy
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return remedyFile
	}
	opErr, isOp := errors.AsType[*net.OpError](err)
	_, isDNS := errors.AsType[*net.DNSError](err)
	netErr, isNet := errors.AsType[net.Error](err)
	switch {
	case isOp && (opErr.Op == "proxyconnect" || strings.HasPrefix(opErr.Op, "socks")):
		return remedyProxy
	case refusedByProxy(err):
		if strings.Contains(strings.ToLower(err.Error()), "auth") {
			return remedyProxyLogin
		}
		return remedyProxyRefusal
	case isDNS:
		return remedyDNS
	case errors.Is(err, syscall.ECONNREFUSED):
		return remedyRefused
	case isNet && netErr.Timeout():
		return remedyTimeout
	}
	return remedyNetwork
}

// remedyOfTLS returns what to do about an error of TLS, and whether it is one.
func remedyOfTLS(err error, query url.Values) (remedy bilingual, ok bool) {
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		issuer := ""
		if unknown.Cert != nil {
			issuer = shorten(printable(withoutSecrets(unknown.Cert.Issuer.String(), query)))
		}
		return unknownAuthority(issuer), true
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return remedyHostName, true
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return remedyExpired, true
	}
	if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
		return remedyNoRoots, true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return remedyTLS, true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return remedyTLS, true
	}
	// An alert of either side.
	if opErr, ok := errors.AsType[*net.OpError](err); ok && (opErr.Op == "remote error" || opErr.Op == "local error") {
		return remedyTLS, true
	}
	return bilingual{}, false
}

// refusedByProxy reports whether a proxy answered CONNECT with an error. All that an
// http.Transport returns then is the text behind the status code.
func refusedByProxy(err error) bool {
	if errors.Unwrap(err) != nil {
		return false
	}
	for status := http.StatusBadRequest; status <= http.StatusNetworkAuthenticationRequired; status++ {
		if text := http.StatusText(status); text != "" && strings.EqualFold(text, err.Error()) {
			return true
		}
	}
	return strings.Contains(strings.ToLower(err.Error()), "proxy auth")
}
