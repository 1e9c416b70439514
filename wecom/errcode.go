// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"maps"
	"slices"
)

// A Language is that of a text for people.
type Language int

// The languages.
const (
	English Language = iota
	Chinese
)

type bilingual struct{ en, zh string }

func (b bilingual) in(l Language) string {
	if l == Chinese {
		return b.zh
	}
	return b.en
}

type errcode struct {
	class           Class
	meaning, remedy bilingual
}

// Known reports whether code is in the table of this package, or 0.
func Known(code int64) bool {
	_, ok := errcodes[code]
	return ok || code == 0
}

// Errcodes returns the codes in the table of this package, in ascending order.
func Errcodes() []int64 { return slices.Sorted(maps.Keys(errcodes)) }

func lookup(code int64) errcode {
	if e, ok := errcodes[code]; ok {
		return e
	}
	return errcode{
		class:   ClassTarget,
		meaning: bilingual{"an error code that this exporter does not know", "本程序未收录的错误码"},
		remedy: bilingual{
			"look the code up at https://open.work.weixin.qq.com/devtool/query",
			"请在 https://open.work.weixin.qq.com/devtool/query 查询该错误码",
		},
	}
}

// Remedies that several codes share.
var (
	remedyCredentials = bilingual{
		"in the admin console, compare the corp ID with 我的企业 > 企业信息, and the secret with 应用管理 > 自建 > the app > Secret; " +
			"the app must be enabled, and must be a self-built app with permission to use the meeting API",
		"请在管理后台核对企业 ID（我的企业 > 企业信息）与 Secret（应用管理 > 自建 > 该应用 > Secret）；应用必须是已启用的自建应用，并有会议接口权限",
	}
	remedyIP = bilingual{
		"in the admin console, add the exporter's public egress IP under 应用管理 > 自建 > the app > 企业可信IP; " +
			"it takes effect in about a minute",
		"请在管理后台“应用管理 > 自建 > 该应用 > 企业可信IP”中加入本程序的公网出口 IP，约一分钟后生效",
	}
	remedyAPIRight = bilingual{
		"in the admin console, add the app under 应用管理 > 会议 > API > 可调用接口的应用",
		"请在管理后台“应用管理 > 会议 > API > 可调用接口的应用”中加入该应用",
	}
	remedyMeeting = bilingual{
		"in the admin console, enable 应用管理 > 会议 (Meeting) with its advanced features for the corp",
		"请在管理后台“应用管理 > 会议”中启用会议应用及会议高级功能",
	}
	remedyOwnMeetings = bilingual{
		"use only meetings that this app created; WeCom does not show an app any others",
		"仅可查询由本应用创建的会议，请更换目标",
	}
	remedyRequest = bilingual{
		"check the target's ID; if it is right, please report a bug in the exporter",
		"请检查目标的 ID；如果 ID 没有问题，就是本程序的 bug，请反馈",
	}
	remedyMember = bilingual{
		"remove the user ID from the targets if the person has left; otherwise add the person in the admin console under " +
			"应用管理 > 自建 > the app > 可见范围",
		"如果成员已离职，请从目标中移除；否则请在管理后台“应用管理 > 自建 > 该应用 > 可见范围”中加入该成员",
	}
	remedyScope = bilingual{
		"in the admin console, add the member, department or tag under 应用管理 > 自建 > the app > 可见范围",
		"请在管理后台“应用管理 > 自建 > 该应用 > 可见范围”中加入该成员、部门或标签",
	}
	remedyID = bilingual{
		"correct or remove this target",
		"请更正或移除该目标",
	}
	remedyWait = bilingual{
		"none needed: the exporter retries automatically",
		"无需处理，本程序会自动重试",
	}
	remedySlower = bilingual{
		"none needed for now; if it happens again, lower --poll.max-requests-per-minute, " +
			"because other apps share the limit",
		"暂时无需处理；如果反复出现，请调低 --poll.max-requests-per-minute，其他应用也占用同一限额",
	}
	remedyConcurrency = bilingual{
		"none needed for now; if it happens often, lower --poll.concurrency",
		"暂时无需处理；如果频繁出现，请调低 --poll.concurrency",
	}
)

// errcodes has the codes that calls of this package can meet, from the table of
// global error codes, https://developer.work.weixin.qq.com/document/path/90313.
var errcodes = map[int64]errcode{
	-1: {
		class:   ClassRetryable,
		meaning: bilingual{"WeCom is busy", "系统繁忙"},
		remedy:  remedyWait,
	},
	6000: {
		class:   ClassRetryable,
		meaning: bilingual{"data version conflict", "数据版本冲突"},
		remedy:  remedyWait,
	},
	45009: {
		class:   ClassBlocked,
		meaning: bilingual{"frequency limit exceeded", "接口调用超过频率限制"},
		remedy:  remedySlower,
	},
	45033: {
		class:   ClassConcurrency,
		meaning: bilingual{"too many calls at once", "接口并发调用超过限制"},
		remedy:  remedyConcurrency,
	},
	40001: {
		class:   ClassToken,
		meaning: bilingual{"the secret or the access token is wrong", "Secret 或 access_token 不正确"},
		remedy:  remedyCredentials,
	},
	40014: {
		class:   ClassToken,
		meaning: bilingual{"the access token is not valid", "access_token 无效"},
		remedy:  remedyCredentials,
	},
	42001: {
		class:   ClassToken,
		meaning: bilingual{"the access token has expired", "access_token 已过期"},
		remedy:  remedyCredentials,
	},
	40013: {
		class:   ClassCorp,
		meaning: bilingual{"the corp ID is wrong", "企业 ID 不正确"},
		remedy:  remedyCredentials,
	},
	40091: {
		class:   ClassCorp,
		meaning: bilingual{"the secret is wrong", "Secret 不正确"},
		remedy:  remedyCredentials,
	},
	41001: {
		class:   ClassCorp,
		meaning: bilingual{"no access token in the call", "缺少 access_token"},
		remedy:  remedyRequest,
	},
	41002: {
		class:   ClassCorp,
		meaning: bilingual{"no corp ID in the call", "缺少企业 ID"},
		remedy:  remedyCredentials,
	},
	41004: {
		class:   ClassCorp,
		meaning: bilingual{"no secret in the call", "缺少 Secret"},
		remedy:  remedyCredentials,
	},
	48001: {
		class:   ClassCorp,
		meaning: bilingual{"the app is not authorized for this API", "应用未获得该接口授权"},
		remedy:  remedyAPIRight,
	},
	48002: {
		class:   ClassCorp,
		meaning: bilingual{"the app may not call this API", "应用无权调用该接口"},
		remedy:  remedyAPIRight,
	},
	48004: {
		class:   ClassCorp,
		meaning: bilingual{"the app's authorization was canceled", "应用授权已取消"},
		remedy:  remedyAPIRight,
	},
	48006: {
		class:   ClassCorp,
		meaning: bilingual{"the permission for the API was withdrawn after long disuse", "接口权限因长期未使用被收回"},
		remedy:  remedyAPIRight,
	},
	50003: {
		class:   ClassCorp,
		meaning: bilingual{"the app is disabled", "应用已停用"},
		remedy: bilingual{
			"in the admin console, enable the app under 应用管理",
			"请在管理后台“应用管理”中启用该应用",
		},
	},
	60020: {
		class:   ClassCorp,
		meaning: bilingual{"the calling IP is not trusted by the app", "调用方 IP 不在企业可信IP中"},
		remedy:  remedyIP,
	},
	301042: {
		class:   ClassCorp,
		meaning: bilingual{"the calling IP is not on the allowlist", "调用方 IP 不在白名单中"},
		remedy:  remedyIP,
	},
	301002: {
		class:   ClassCorp,
		meaning: bilingual{"no permission for this agent", "无权操作该应用"},
		remedy: bilingual{
			"use the agent ID and the secret of the same app; see 应用管理 > 自建 > the app in the admin console",
			"AgentId 和 Secret 必须取自管理后台“应用管理”中的同一个应用",
		},
	},
	301007: {
		class:   ClassCorp,
		meaning: bilingual{"the corp is not available", "企业不可用"},
		remedy: bilingual{
			"ask the corp's WeCom administrator: the corp was dissolved or banned",
			"请联系企业管理员：企业已解散或被封禁",
		},
	},
	400028: {
		class:   ClassCorp,
		meaning: bilingual{"the meeting app is disabled", "会议应用未启用"},
		remedy:  remedyMeeting,
	},
	680106: {
		class:   ClassCorp,
		meaning: bilingual{"the corp's meeting app is disabled", "企业会议应用已关闭"},
		remedy:  remedyMeeting,
	},
	730007: {
		class:   ClassCorp,
		meaning: bilingual{"the corp's edition lacks these meeting features", "企业版本不支持该会议功能"},
		remedy:  remedyMeeting,
	},
	770005: {
		class:   ClassCorp,
		meaning: bilingual{"advanced meeting features are not enabled", "未开通会议高级功能"},
		remedy:  remedyMeeting,
	},
	400218: {
		class:   ClassCorp,
		meaning: bilingual{"advanced meeting features are not enabled", "未开通会议高级功能"},
		remedy:  remedyMeeting,
	},
	400219: {
		class:   ClassCorp,
		meaning: bilingual{"advanced meeting features are not enabled", "未开通会议高级功能"},
		remedy:  remedyMeeting,
	},
	400226: {
		class:   ClassCorp,
		meaning: bilingual{"advanced meeting features are not enabled", "未开通会议高级功能"},
		remedy:  remedyMeeting,
	},
	730005: {
		class:   ClassTarget,
		meaning: bilingual{"the meeting belongs to another app", "会议不属于本应用"},
		remedy:  remedyOwnMeetings,
	},
	730010: {
		class:   ClassTarget,
		meaning: bilingual{"the meeting was not created through the API", "会议不是通过接口创建的"},
		remedy:  remedyOwnMeetings,
	},
	730011: {
		class:   ClassTarget,
		meaning: bilingual{"meetings of this type are not supported", "不支持该类型的会议"},
		remedy:  remedyOwnMeetings,
	},
	40058: {
		class:   ClassTarget,
		meaning: bilingual{"an argument of the call is not valid", "请求参数不合法"},
		remedy:  remedyRequest,
	},
	40063: {
		class:   ClassTarget,
		meaning: bilingual{"an argument of the call is empty", "请求参数为空"},
		remedy:  remedyRequest,
	},
	41009: {
		class:   ClassTarget,
		meaning: bilingual{"no user ID in the call", "缺少 userid"},
		remedy:  remedyRequest,
	},
	400038: {
		class:   ClassTarget,
		meaning: bilingual{"an argument of the call is not valid", "请求参数不合法"},
		remedy:  remedyRequest,
	},
	40003: {
		class:   ClassTarget,
		meaning: bilingual{"the user ID is not valid", "userid 无效"},
		remedy:  remedyMember,
	},
	40031: {
		class:   ClassTarget,
		meaning: bilingual{"the list of user IDs is not valid", "userid 列表不合法"},
		remedy:  remedyMember,
	},
	46004: {
		class:   ClassTarget,
		meaning: bilingual{"the user does not exist", "成员不存在"},
		remedy:  remedyMember,
	},
	50002: {
		class:   ClassTarget,
		meaning: bilingual{"the member is outside the app's visible scope", "成员不在应用可见范围内"},
		remedy:  remedyMember,
	},
	60011: {
		class:   ClassTarget,
		meaning: bilingual{"no permission for the member, department or tag", "无权访问该成员、部门或标签"},
		remedy:  remedyScope,
	},
	60111: {
		class:   ClassTarget,
		meaning: bilingual{"the user ID was not found", "userid 不存在"},
		remedy:  remedyMember,
	},
	81013: {
		class:   ClassTarget,
		meaning: bilingual{"none of the IDs is valid", "所有 ID 都无效"},
		remedy:  remedyMember,
	},
	60003: {
		class:   ClassTarget,
		meaning: bilingual{"the department does not exist", "部门不存在"},
		remedy:  remedyScope,
	},
	60123: {
		class:   ClassTarget,
		meaning: bilingual{"the department ID is not valid", "部门 ID 无效"},
		remedy:  remedyScope,
	},
	40068: {
		class:   ClassTarget,
		meaning: bilingual{"the tag ID is not valid", "标签 ID 无效"},
		remedy:  remedyScope,
	},
	90602: {
		class:   ClassTarget,
		meaning: bilingual{"the meeting ID is not valid for this app", "会议 ID 不合法"},
		remedy:  remedyOwnMeetings,
	},
	730001: {
		class:   ClassTarget,
		meaning: bilingual{"the recording file ID is not valid", "录制文件 ID 无效"},
		remedy:  remedyID,
	},
	730002: {
		class:   ClassTarget,
		meaning: bilingual{"the recording ID is not valid", "录制 ID 无效"},
		remedy:  remedyID,
	},
	730003: {
		class:   ClassTarget,
		meaning: bilingual{"the sub-meeting ID is not valid", "子会议 ID 无效"},
		remedy:  remedyID,
	},
	730004: {
		class:   ClassTarget,
		meaning: bilingual{"the meeting code is not valid", "会议号无效"},
		remedy:  remedyID,
	},
	730008: {
		class:   ClassTarget,
		meaning: bilingual{"the meeting was deleted", "会议已删除"},
		remedy:  remedyID,
	},
	400041: {
		class:   ClassTarget,
		meaning: bilingual{"the meeting was canceled", "会议已取消"},
		remedy:  remedyID,
	},
	45029: {
		class:   ClassTarget,
		meaning: bilingual{"the answer would be too large", "返回数据过大"},
		remedy:  remedyScope,
	},
}
