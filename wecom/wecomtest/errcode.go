// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

// Codes of refusals, as in https://developer.work.weixin.qq.com/document/path/90313.
const (
	codeSecretInvalid      = 40001
	codeCorpIDInvalid      = 40013
	codeTokenInvalid       = 40014
	codeAgentInvalid       = 40056
	codeInvalidParameter   = 40058
	codeTagInvalid         = 40068
	codeTokenMissing       = 41001
	codeCorpIDMissing      = 41002
	codeSecretMissing      = 41004
	codeTokenExpired       = 42001
	codeTooOften           = 45009
	codeTooMany            = 45033
	codeMemberInvisible    = 50002
	codeNoDepartment       = 60003
	codeNoPrivilege        = 60011
	codeNoMember           = 60111
	codeDepartmentInvalid  = 60123
	codeMeetingInvalid     = 90602
	codeOtherAgent         = 301002
	codeRecordInvalid      = 730002
	codeMeetingCodeInvalid = 730004
)

func errmsg(errcode int) string {
	switch errcode {
	case -1:
		return "system busy"
	case codeSecretInvalid:
		return "invalid credential"
	case codeCorpIDInvalid:
		return "invalid corpid"
	case codeTokenInvalid:
		return "invalid access_token"
	case codeAgentInvalid:
		return "invalid agentid"
	case codeInvalidParameter:
		return "invalid Request Parameter"
	case codeTagInvalid:
		return "invalid tagid"
	case codeTokenMissing:
		return "access_token missing"
	case codeCorpIDMissing:
		return "corpid missing"
	case codeSecretMissing:
		return "corpsecret missing"
	case codeTokenExpired:
		return "access_token expired"
	case codeTooOften:
		return "api freq out of limit"
	case codeTooMany:
		return "api concurrent out of limit"
	case 48002:
		return "api forbidden"
	case codeMemberInvisible:
		return "user not in app's visible range"
	case codeNoDepartment:
		return "department not found"
	case codeNoPrivilege:
		return "no privilege to access/modify contact/party/agent"
	case 60020:
		return "not allow to access from your ip"
	case codeNoMember:
		return "userid not found"
	case codeDepartmentInvalid:
		return "invalid party id"
	case codeMeetingInvalid:
		return "invalid meetingid"
	case codeOtherAgent:
		return "not allow operate another agent with this accesstoken"
	case codeRecordInvalid:
		return "invalid meeting record id"
	case codeMeetingCodeInvalid:
		return "invalid meeting code"
	default:
		return "unknown error"
	}
}
