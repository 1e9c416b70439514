// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type chineseWord struct {
	use     string
	instead *regexp.Regexp
}

// chineseWords has the one word for each thing, and patterns of what others call it. Words that
// are also right for something else, such as 范围 and 标题, are refused beside what they are wrong for.
var chineseWords = []chineseWord{
	{use: "本程序 or exporter", instead: regexp.MustCompile(`导出器|采集器`)},
	{use: "抓取 (scrape), 轮询 (poll)", instead: regexp.MustCompile(`采集(任务|目标|间隔|周期|失败|录制|指标)`)},
	{use: "任务", instead: regexp.MustCompile(`作业`)},
	{use: "access_token", instead: regexp.MustCompile(`凭证|令牌|\p{Han} ?(?i:access token)|\bAccess_token`)},
	{use: "访问范围", instead: regexp.MustCompile(`受众|共享范围|(扩大|缩小|放宽|按)范围|(^|[^问])范围(扩大|缩小|放宽)`)},
	{use: "userid（成员账号）", instead: regexp.MustCompile(`(成员|用户|账号|帐号) ?ID|\bUserid\b`)},
	{use: "回溯期", instead: regexp.MustCompile(`回溯(范围|时长|时间|窗口)`)},
	{use: "会议主题", instead: regexp.MustCompile(`(会议|录制)的?标题|录制的?主题|["|、] ?(标题|主题) ?["|、或]`)},
	{use: "滞后", instead: regexp.MustCompile(`逾期`)},
	{use: "暴露文件", instead: regexp.MustCompile(`(^|[^为有])暴露的文件|已暴露的?文件`)},
	{use: "会议号", instead: regexp.MustCompile(`会议 ?(code|代码)`)},
	{use: "共享", instead: regexp.MustCompile(`分享(变更|设置|状态|方式|次数|记录)`)},
	{use: "接口地址", instead: regexp.MustCompile(`API ?(主机|地址)|接口的地址`)},
	{use: "首轮轮询", instead: regexp.MustCompile(`第一轮`)},
	{use: "处理手册", instead: regexp.MustCompile(`处置`)},
	{use: "调用 (调用链 is tracing)", instead: regexp.MustCompile(`调用链`)},
	{use: "有意公开", instead: regexp.MustCompile(`已接受($|[^企])|登记为(已)?接受|有意开放`)},
	{use: "永不过期", instead: regexp.MustCompile(`永久有效|永不失效`)},
	{use: "覆盖率", instead: regexp.MustCompile(`轮询成功率|覆盖度`)},
	{use: "本企业成员", instead: regexp.MustCompile(`(^|[^本])企业内?成员|公司成员`)},
	{use: "放宽, 收紧", instead: regexp.MustCompile(`(链接|共享|权限)(变宽|变窄|扩大|缩小|放开)`)},
}

// TestChineseWords finds what a Chinese text calls otherwise than the others.
func TestChineseWords(t *testing.T) {
	t.Parallel()
	han := regexp.MustCompile(`\p{Han}`)
	for _, file := range chineseTexts(t) {
		for n, line := range strings.Split(readDocument(t, file), "\n") {
			if !han.MatchString(line) {
				continue
			}
			for _, word := range chineseWords {
				if found := word.instead.FindString(line); found != "" {
					t.Errorf("%s:%d: %q, write %s", file, n+1, found, word.use)
				}
			}
		}
	}
}

// chineseTexts returns the files that may have Chinese texts for people: documents, dashboards,
// rules, templates and code. Tests and the simulated WeCom have such data as people make.
func chineseTexts(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == ".tools" || name == "testdata" || name == "tests" || name == "wecomtest"):
			return fs.SkipDir
		case d.IsDir() || strings.HasSuffix(name, "_test.go"):
		case strings.HasSuffix(name, ".zh-CN.md") || strings.HasSuffix(name, ".zh-CN.json"):
			files = append(files, path)
		case strings.Contains(path, ".github") || slices.Contains([]string{".go", ".yml", ".html", ".tmpl"}, filepath.Ext(name)):
			files = append(files, path)
		}
		return nil
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

// wrongPunctuation finds punctuation of half width in Chinese sentences, quotation marks of
// another kind than the others, and places where Chinese and Latin are not one space apart.
var wrongPunctuation = regexp.MustCompile(`\p{Han}[,;:!?]|[,;] ?\p{Han}|\p{Han} ?\(|\p{Han} +\p{Han}|` +
	`\p{Han}[A-Za-z0-9]|[A-Za-z0-9]\p{Han}|[「」『』]|"[^"|]*\p{Han}[^"|]*"|\p{Han}\.\.\.`)

func TestChinesePunctuation(t *testing.T) {
	t.Parallel()
	// Code and the targets of links are not read, and the names that WeCom gives are left as they are.
	unread := regexp.MustCompile("(?s)```.*?```|<[^>]*>|企业可信IP|接收消息服务器URL")
	code, target := regexp.MustCompile("`[^`]*`"), regexp.MustCompile(`\]\([^)]*\)`)
	for _, document := range documents(t, "*.zh-CN.md") {
		text := unread.ReplaceAllStringFunc(readDocument(t, document), func(found string) string {
			return "``" + strings.Repeat("\n", strings.Count(found, "\n"))
		})
		for n, line := range strings.Split(text, "\n") {
			line = target.ReplaceAllString(code.ReplaceAllString(line, "``"), "]")
			for _, found := range wrongPunctuation.FindAllString(line, -1) {
				t.Errorf("%s:%d: %q in %q", document, n+1, found, line)
			}
		}
	}
}

// TestChinesePunctuationOfPages reads the texts of the pages. A verb stands for what is on a page in its place.
func TestChinesePunctuationOfPages(t *testing.T) {
	t.Parallel()
	texts := regexp.MustCompile(`"(?:[^"\\]|\\.)*\p{Han}(?:[^"\\]|\\.)*"`)
	verbs := regexp.MustCompile(`%(\[\d+\])?[a-z]`)
	read := 0
	for _, file := range chineseTexts(t) {
		if !strings.HasPrefix(file, filepath.Join("..", "web")) {
			continue
		}
		for n, line := range strings.Split(readDocument(t, file), "\n") {
			for _, text := range texts.FindAllString(line, -1) {
				read++
				text = verbs.ReplaceAllString(strings.Trim(text, `"`), "、")
				for _, found := range wrongPunctuation.FindAllString(text, -1) {
					t.Errorf("%s:%d: %q in %q", file, n+1, found, text)
				}
			}
		}
	}
	if read < 100 {
		t.Errorf("%d texts", read)
	}
}

// TestChineseWordPatterns has texts that the patterns of chineseWords must find, and texts that they must not.
func TestChineseWordPatterns(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"企业微信导出器", "采集间隔", "抓取作业", "访问令牌", "请求 access token", "缩小范围", "按范围、密码划分",
		"成员 ID", "用户ID", "Userid 无效", "回溯范围", "录制标题", "| 标题 |", "逾期最久", "暴露的文件", "会议 code 无效", "分享变更", "第一轮", "API 主机", "处置手册", "调用链",
		"已接受", "已接受的暴露", "登记为接受", "有意开放", "永久有效", "近期轮询成功率", "仅企业成员", "公司成员", "链接变宽",
	} {
		if !slices.ContainsFunc(chineseWords, func(w chineseWord) bool { return w.instead.MatchString(text) }) {
			t.Errorf("%s is not found", text)
		}
	}
	for _, text := range []string{
		"采集性能数据", "access_token 已过期", "缩小访问范围", "将访问范围缩小到本企业", "不计为暴露的文件",
		"应用可见范围", "企业 ID", "录制 ID", "回溯期", "会议主题", "重新分享链接", "如果为 HTML 页面还有其标题", "深色主题", "暴露文件",
		"企业微信已接受企业 ID 与 Secret", "登记为有意公开", "长期有效", "仅本企业成员", "将访问范围缩小到本企业",
	} {
		for _, word := range chineseWords {
			if word.instead.MatchString(text) {
				t.Errorf("%s is found, for %s", text, word.use)
			}
		}
	}
}
