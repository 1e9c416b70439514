// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

const (
	demoHistory  = 120 * day
	demoLead     = 30 * time.Minute // How long before the demo live recordings begin.
	demoInterval = 30 * time.Second // From one live recording to the next.
)

// demoZone is the time zone of the company's working days.
var demoZone = time.FixedZone("CST", 8*60*60)

// DemoServer returns a Server with a plausible company. It is the same for the same seed, clock and
// number of members.
//
// Two of three members host meetings. Each of these has about one and a half recordings a working
// day over the past 120 days, some of them in another member's account. From half an hour before the
// start, two short live recordings begin each minute, without end: they are shared, the sharing
// changes, and most of them are deleted an hour or two later. At any time, at least one is being
// recorded and another transcoded. A live recording takes about 500 bytes that are never freed, or
// 2 MiB a day.
func DemoServer(c Config, seed uint64, members int) *Server {
	s := New(c)
	start := s.config.Now().Truncate(time.Second)
	x := newCompany(seed, max(members, 1))
	s.SetDirectory(x.directory)
	s.Put(x.history(start)...)
	s.live = &live{company: x, begin: start.Add(-demoLead)}

	return s
}

// live makes the live recordings of the demo when they begin.
type live struct {
	company *company
	begin   time.Time
	made    int
}

// grow makes the live recordings that begin until now. The lock is held.
func (s *Server) grow(now time.Time) {
	if s.live == nil {
		return
	}
	for {
		start := s.live.begin.Add(time.Duration(s.live.made) * demoInterval)
		if start.After(now) {
			return
		}
		r := s.live.company.liveRecording(s.live.made, start)
		s.store.put(&r)
		s.live.made++
	}
}

// company is the people of the demo.
type company struct {
	seed      uint64
	directory Directory
	hosts     []Member
}

type team struct {
	id, parent int
	name       string
}

// Departments of the demo that are not teams with hosts.
const (
	demoRoot    = 1
	demoHR      = 6
	demoFinance = 7
	demoCare    = 8
	demoTag     = 1
)

func demoTeams() []team {
	return []team{
		{21, 2, "后端"},
		{22, 2, "前端"},
		{23, 2, "测试"},
		{3, demoRoot, "产品"},
		{41, 4, "华东销售"},
		{42, 4, "华南销售"},
		{5, demoRoot, "市场"},
		{demoCare, demoRoot, "客户成功"},
	}
}

// DemoDepartments returns the names of the demo's departments, by their IDs.
func DemoDepartments() map[int64]string {
	names := map[int64]string{demoRoot: "总部", 2: "研发", 4: "销售", demoHR: "人力资源", demoFinance: "财务"}
	for _, t := range demoTeams() {
		names[int64(t.id)] = t.name
	}

	return names
}

func newCompany(seed uint64, members int) *company {
	x := &company{seed: seed}
	d := &x.directory
	d.Departments = []Department{
		{ID: demoRoot},
		{ID: 2, ParentID: demoRoot}, // 研发
		{ID: 4, ParentID: demoRoot}, // 销售
		{ID: demoHR, ParentID: demoRoot},
		{ID: demoFinance, ParentID: demoRoot},
	}
	teams := demoTeams()
	for _, t := range teams {
		d.Departments = append(d.Departments, Department{ID: t.id, ParentID: t.parent})
	}

	// Each way of discovery finds somebody: most departments are in the scope themselves, human
	// resources member by member, and customer care through a tag. Finance is not in the scope.
	d.Scope = Scope{Departments: []int{2, 3, 4, 5}, Tags: []int{demoTag}}
	tag := Tag{ID: demoTag, Name: "会议录制试点", Departments: []int{demoCare}}
	for i := range members {
		m := Member{}
		m.UserID, m.Name = demoName(i)
		switch {
		case i%3 != 2:
			m.Departments = []int{teams[len(x.hosts)%len(teams)].id}
			x.hosts = append(x.hosts, m)
		case i%2 == 0:
			m.Departments = []int{demoHR}
			d.Scope.Users = append(d.Scope.Users, m.UserID)
		case i%5 == 0:
			m.Departments = []int{demoCare, 41}
			tag.Users = append(tag.Users, m.UserID)
		default:
			m.Departments = []int{demoFinance}
		}
		d.Members = append(d.Members, m)
	}
	d.Tags = []Tag{tag}

	return x
}

// demoName returns the userid and the name of the i-th member: zhangwei is the first, lina the second.
func demoName(i int) (userID, name string) {
	surnames, givens := demoSurnames(), demoGivens()
	n := len(surnames)
	surname, given := surnames[i%n], givens[(i+i/n)%len(givens)]
	userID, name = surname[0]+given[0], surname[1]+given[1]
	if round := i / (n * len(givens)); round > 0 {
		userID += strconv.Itoa(round + 1)
	}

	return userID, name
}

// demoSurnames returns surnames in letters and in characters.
func demoSurnames() [][2]string {
	return [][2]string{
		{"zhang", "张"},
		{"li", "李"},
		{"wang", "王"},
		{"liu", "刘"},
		{"chen", "陈"},
		{"yang", "杨"},
		{"zhao", "赵"},
		{"huang", "黄"},
		{"zhou", "周"},
		{"wu", "吴"},
		{"xu", "徐"},
		{"sun", "孙"},
		{"hu", "胡"},
		{"zhu", "朱"},
		{"gao", "高"},
		{"lin", "林"},
		{"he", "何"},
		{"guo", "郭"},
		{"ma", "马"},
		{"luo", "罗"},
		{"liang", "梁"},
		{"song", "宋"},
		{"zheng", "郑"},
		{"xie", "谢"},
		{"han", "韩"},
		{"tang", "唐"},
		{"feng", "冯"},
		{"dong", "董"},
		{"xiao", "萧"},
		{"cheng", "程"},
	}
}

// demoGivens returns given names in letters and in characters.
func demoGivens() [][2]string {
	return [][2]string{
		{"wei", "伟"},
		{"na", "娜"},
		{"fang", "芳"},
		{"min", "敏"},
		{"jing", "静"},
		{"qiang", "强"},
		{"lei", "磊"},
		{"jun", "军"},
		{"yang", "洋"},
		{"yong", "勇"},
		{"yan", "艳"},
		{"jie", "杰"},
		{"juan", "娟"},
		{"tao", "涛"},
		{"ming", "明"},
		{"chao", "超"},
		{"xiulan", "秀兰"},
		{"xia", "霞"},
		{"ping", "平"},
		{"gang", "刚"},
		{"guiying", "桂英"},
		{"hao", "浩"},
		{"yu", "宇"},
		{"ting", "婷"},
		{"xin", "鑫"},
		{"bo", "博"},
		{"xue", "雪"},
		{"kai", "凯"},
		{"hui", "慧"},
		{"peng", "鹏"},
	}
}

// random returns a source of random numbers, the same for the same stream.
func (x *company) random(stream int) *rand.Rand {
	return rand.New(rand.NewPCG(x.seed, uint64(stream))) //nolint:gosec // It must be reproducible.
}

// between returns a whole number of seconds.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64((most-least)/time.Second)+1))*time.Second
}

// creatorOf returns the userid whose account records the meetings of the i-th host: for one host in
// ten, that of a colleague.
func (x *company) creatorOf(i int) string {
	if i%10 == 9 {
		i--
	}

	return x.hosts[i].UserID
}

// recording returns a recording of the i-th host without times and files.
func (x *company) recording(r *rand.Rand, i int) Recording {
	kinds := []string{
		"周会", "需求评审", "项目同步会", "复盘会", "客户交流",
		"方案讨论", "季度规划", "技术分享", "新人培训", "面试",
	}
	teams := demoTeams()

	return Recording{
		ID:          fmt.Sprintf("wr%016x", r.Uint64()),
		MeetingID:   fmt.Sprintf("hy%016x", r.Uint64()),
		MeetingCode: strconv.Itoa(100_000_000 + r.IntN(900_000_000)),
		Creator:     x.creatorOf(i),
		Host:        x.hosts[i].UserID,
		Title:       teams[i%len(teams)].name + kinds[r.IntN(len(kinds))],
	}
}

// demoFile returns a file of a realistic size: 0.2 to 1.2 GB an hour.
func demoFile(r *rand.Rand, start, end time.Time) File {
	return File{
		ID:    fmt.Sprintf("wf%016x", r.Uint64()),
		Start: start,
		End:   end,
		Size:  int64((0.2 + r.Float64()) * 1e9 * end.Sub(start).Hours()),
	}
}

// history returns the recordings of the working days before the day of start, the newest first.
func (x *company) history(start time.Time) []Recording {
	r := x.random(0)
	local := start.In(demoZone)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, demoZone)
	recs := make([]Recording, 0, len(x.hosts)*int(demoHistory/day)*3/2)
	shared := 0
	for back := day; back <= demoHistory; back += day {
		date := midnight.Add(-back)
		if date.Weekday() == time.Saturday || date.Weekday() == time.Sunday {
			continue
		}
		for i := range x.hosts {
			for range 1 + r.IntN(2) {
				rec := x.recording(r, i)
				rec.MeetingStart = date.Add(9*time.Hour + time.Duration(r.IntN(36))*15*time.Minute)
				rec.Started = rec.MeetingStart.Add(between(r, 0, 5*time.Minute))
				rec.Transcoding = rec.Started.Add(between(r, 10*time.Minute, 2*time.Hour))
				rec.Completed = rec.Transcoding.Add(between(r, 2*time.Minute, 10*time.Minute))
				if pause := 5 * time.Minute; r.IntN(8) == 0 {
					middle := rec.Started.Add(rec.Transcoding.Sub(rec.Started) / 2).Truncate(time.Second)
					rec.Files = []File{
						demoFile(r, rec.Started, middle.Add(-pause/2)),
						demoFile(r, middle.Add(pause/2), rec.Transcoding),
					}
				} else {
					rec.Files = []File{demoFile(r, rec.Started, rec.Transcoding)}
				}
				if r.IntN(10) < 3 {
					rec.Files[0].Shares = []Share{historyShare(r, shared, start)}
					shared++
				}
				recs = append(recs, rec)
			}
		}
	}

	return recs
}

// Audiences of a share, the widest first.
const (
	anyone = iota
	insiders
	attendees
	audiences
)

// expiries is the number of kinds of expiry that demoExpiry knows.
const expiries = 6

// historyShare returns how the n-th shared file of the past is shared. The first ones go through all
// combinations, so that the newest month has each of them; the others are as careful as people are.
func historyShare(r *rand.Rand, n int, start time.Time) Share {
	audience, expiry := n%audiences, n/audiences/4%expiries
	guarded, download := n/audiences%2 == 0, n/audiences/2%2 == 0
	if n >= audiences*2*2*expiries {
		audience, guarded = likelyAudience(r)
		download, expiry = r.IntN(2) == 0, r.IntN(expiries)
	}

	return demoShare(r, audience, guarded, download, demoExpiry(r, expiry, start))
}

func likelyAudience(r *rand.Rand) (audience int, guarded bool) {
	switch n := r.IntN(10); {
	case n < 2:
		return anyone, r.IntN(5) > 0
	case n < 7:
		return insiders, r.IntN(2) == 0
	default:
		return attendees, r.IntN(2) == 0
	}
}

func demoShare(r *rand.Rand, audience int, guarded, download bool, expire time.Time) Share {
	share := Share{On: true, Download: download, Expire: expire}
	share.SameCorp, share.Attendee = audience == insiders, audience == attendees
	if guarded {
		share.Password = strconv.Itoa(100_000 + r.IntN(900_000))
	}

	return share
}

// demoExpiry returns when a share of one of the kinds ends, relative to a time.
func demoExpiry(r *rand.Rand, kind int, from time.Time) time.Time {
	switch kind {
	case 0:
		return from.Add(-between(r, time.Hour, 20*day)) // Over already.
	case 1:
		return from.Add(between(r, 10*time.Hour, 23*time.Hour))
	case 2:
		return from.Add(between(r, 2*day, 6*day))
	case 3:
		return from.Add(between(r, 10*day, 25*day))
	case 4:
		return from.Add(between(r, 60*day, 200*day))
	default:
		return time.Time{}
	}
}

// liveRecording returns the n-th live recording, whose meeting starts at the given time.
func (x *company) liveRecording(n int, start time.Time) Recording {
	r := x.random(n + 1)
	rec := x.recording(r, r.IntN(len(x.hosts)))
	rec.MeetingStart = start
	rec.Started = start.Add(between(r, 0, 10*time.Second))
	if n%2 == 0 {
		// The next even one follows without a gap: its transcoding begins at most 60 s + 10 s + 70 s
		// after this meeting started, and the transcoding of this one ends 60 s + 90 s after it at least.
		rec.Transcoding = rec.Started.Add(between(r, time.Minute, 70*time.Second))
		rec.Completed = rec.Transcoding.Add(between(r, 90*time.Second, 2*time.Minute))
	} else {
		rec.Transcoding = rec.Started.Add(between(r, time.Minute, 6*time.Minute))
		rec.Completed = rec.Transcoding.Add(between(r, 30*time.Second, 2*time.Minute))
	}
	switch chance := r.IntN(100); {
	case chance < 75:
		rec.Deleted = rec.Completed.Add(between(r, time.Hour, 2*time.Hour))
	case chance < 99:
		rec.Deleted = rec.Completed.Add(between(r, 4*time.Hour, 24*time.Hour))
	}
	file := demoFile(r, rec.Started, rec.Transcoding)
	if r.IntN(100) < 55 {
		file.Shares = liveShares(r, n, rec.Completed)
	}
	rec.Files = []File{file}

	return rec
}

// liveShares returns how the sharing of a file changes that is listed from completed on.
func liveShares(r *rand.Rand, n int, completed time.Time) []Share {
	at := completed.Add(between(r, 10*time.Second, 5*time.Minute))
	audience, guarded := likelyAudience(r)
	expire := demoExpiry(r, n%expiries, at)
	if n%expiries == 0 {
		expire = at.Add(5 * time.Minute)
	}
	share := demoShare(r, audience, guarded, r.IntN(2) == 0, expire)
	share.At = at

	later := share
	later.At = at.Add(between(r, 5*time.Minute, 40*time.Minute))
	switch r.IntN(4) {
	case 0:
		later = Share{At: later.At}
	case 1: // Wider.
		later.SameCorp, later.Attendee = share.Attendee, false
	case 2: // Narrower.
		later.SameCorp, later.Attendee = audience == anyone, audience != anyone
	default:
		return []Share{share}
	}

	return []Share{share, later}
}
