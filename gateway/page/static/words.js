// All words of the page, Vietnamese and English, and how the language writes numbers, money and dates.

const WORDS = {
  programs: ["Các chương trình mục tiêu quốc gia", "National Target Programs"],
  skip: ["Tới nội dung", "Skip to the content"],
  period: ["Kỳ báo cáo", "Period"],
  map_day: ["Địa giới", "Map of"],
  map_of_period: ["của kỳ báo cáo", "the period"],
  map_after: ["từ 01/7/2025", "from 1 July 2025"],
  map_before: ["trước 01/7/2025", "before 1 July 2025"],
  other_day: ["ngày khác", "another day"],
  day: ["Ngày", "Day"],
  language: ["English", "Tiếng Việt"],
  basis: ["Số liệu", "Figures"],
  accepted: ["đã duyệt", "accepted"],
  provisional: ["kể cả chưa duyệt", "provisional too"],
  basis_accepted: ["chỉ gồm báo cáo đã duyệt", "accepted reports only"],
  basis_provisional: ["kể cả báo cáo chưa duyệt (tạm tính)", "includes reports not yet accepted (provisional)"],
  sign_in: ["Đăng nhập", "Sign in"],
  sign_out: ["Đăng xuất", "Sign out"],
  reference: ["Tài liệu API", "API reference"],
  print: ["In", "Print"],
  loading: ["Đang đọc …", "Reading …"],
  as_of: ["Số liệu đến {instant}", "Figures as of {instant}"],
  complete: ["đủ các phần", "all parts complete"],
  incomplete: ["còn phần chưa đủ", "some parts are not complete"],
  offline: [
    "Không kết nối được máy chủ. Đang xem số đã tải lúc {instant} ({age} trước).",
    "The server cannot be reached. These figures were read at {instant} ({age} ago).",
  ],
  minutes: ["{count} phút", "{count} min"],
  hours: ["{count} giờ", "{count} h"],
  days: ["{count} ngày", "{count} days"],
  seconds: ["{count} giây", "{count} s"],
  not_read: ["Không đọc được: {reason}", "Could not be read: {reason}"],
  not_drawn: ["Phần này không vẽ được; hãy tải lại trang.", "This part could not be drawn; reload the page."],
  unreachable: ["không kết nối được máy chủ và chưa từng xem phần này", "the server cannot be reached, and this part was never seen"],
  not_for_public: ["Cần đăng nhập để xem phần này.", "Sign in to see this part."],
  rural: ["Xây dựng nông thôn mới", "New rural development"],
  poverty: ["Giảm nghèo bền vững", "Sustainable poverty reduction"],
  ethnic: ["Dân tộc thiểu số và miền núi", "Ethnic-minority and mountainous areas"],
  funding: ["Vốn ngân sách trung ương", "Money of the central budget"],
  oversight: ["Chỉ đạo, điều hành, giám sát", "Steering and oversight"],
  stale: ["số cũ {age}", "{age} old"],
  unavailable: ["không có số liệu", "not available"],
  no_answer: ["Dịch vụ này chưa trả lời; trang sẽ có số khi dịch vụ chạy lại.", "This service does not answer; its figures come back with it."],
  reports_until: ["số đến {day}", "data to {day}"],
  covered: ["{reported}/{expected} đơn vị", "{reported} of {expected} units"],
  covered_reported: ["{reported}/{expected} đơn vị đã báo cáo", "{reported} of {expected} units reported"],
  estimate: ["ước", "estimate"],
  preliminary: ["sơ bộ", "preliminary"],
  mixed: ["một phần sơ bộ", "partly preliminary"],
  no_value: ["chưa có", "none yet"],
  withheld: ["không công bố", "withheld"],
  must_reassess: ["cần đánh giá lại", "needs reassessment"],
  of_target: ["/ {target} · {percent} %", "of {target} · {percent} %"],
  more: ["thêm {count} số liệu", "{count} more"],
  where_from: ["{label}: {value}. Xem nguồn gốc", "{label}: {value}. Where it comes from"],
  map: ["Bản đồ", "Map"],
  figure: ["Số liệu", "Figure"],
  all_figures: ["Tất cả số liệu …", "All figures …"],
  level: ["Theo", "By"],
  district: ["huyện", "district"],
  commune: ["xã", "commune"],
  village: ["thôn", "village"],
  outlines: ["Ranh giới", "Outlines"],
  hexagons: ["Ô lục giác", "Hexagons"],
  units: ["Đơn vị", "Unit"],
  value: ["Giá trị", "Value"],
  map_label: ["Bản đồ {label}, {period}: mỗi ô là một xã", "Map of {label}, {period}: each hexagon is a commune"],
  map_list: ["Danh sách theo {label}; phím mũi tên để chọn, Enter để mở", "List by {label}; arrow keys select, Enter opens"],
  map_note: [
    "Mỗi ô lục giác là một xã, diện tích bằng nhau, đặt gần vị trí thật. Địa giới ngày {day}.",
    "Each hexagon is a commune, of equal size, near where it lies. Map of {day}.",
  ],
  map_note_district: [
    "Mỗi ô lục giác là một xã, tô theo số của huyện; đường đậm là ranh giới huyện. Địa giới ngày {day}.",
    "Each hexagon is a commune in the colour of its district; dark lines part districts. Map of {day}.",
  ],
  no_outlines: ["Không có ranh giới cho ngày {day}; vẽ bằng ô lục giác.", "There are no outlines of {day}; hexagons are drawn."],
  outlines_missing: ["{count} xã không có ranh giới; xem danh sách.", "{count} communes have no outline; see the list."],
  outlines_note: ["Ranh giới do hệ thống này cung cấp. Địa giới ngày {day}.", "Outlines brought by this installation. Map of {day}."],
  map_better: ["Càng cao càng tốt", "Higher is better"],
  map_worse: ["Càng thấp càng tốt", "Lower is better"],
  no_map: ["Chưa có số liệu theo {level} cho kỳ này.", "There are no values by {level} for this period."],
  not_shown: ["Chỉ tiêu này không vẽ được trên bản đồ này: {reason}", "This figure cannot be shown on this map: {reason}"],
  and_more: ["≥ {low}", "≥ {low}"],
  below: ["< {high}", "< {high}"],
  money: ["Vốn", "Money"],
  by_capital: ["Theo loại vốn", "By capital"],
  by_units: ["Theo đơn vị, chậm nhất trước", "By unit, the slowest first"],
  money_group: ["Theo", "By"],
  program: ["chương trình", "program"],
  capital: ["loại vốn", "capital"],
  unit: ["đơn vị", "unit"],
  investment: ["vốn đầu tư", "investment"],
  recurrent: ["vốn sự nghiệp", "recurrent"],
  total: ["Tổng", "Total"],
  allocated: ["Được giao", "Allocated"],
  carried_over: ["Chuyển nguồn", "Carried over"],
  available: ["Được sử dụng", "Available"],
  committed: ["Cam kết", "Committed"],
  disbursed: ["Giải ngân", "Disbursed"],
  left: ["Còn lại", "Left"],
  rate: ["Tỷ lệ giải ngân", "Disbursement rate"],
  rate_short: ["Tỷ lệ %", "Rate %"],
  local_budget: ["Ngân sách địa phương", "Local budget"],
  other_source: ["Nguồn vốn khác", "Other source"],
  in_dong: ["đến đồng", "to the đồng"],
  billion: ["tỷ đồng", "billion đồng"],
  dong: ["đồng", "đồng"],
  flow: ["Dòng vốn năm {year}", "Flow of money, {year}"],
  flow_text: [
    "Giao {allocated}, chuyển nguồn {carried}, được sử dụng {available}, cam kết {committed}, giải ngân {disbursed}, còn lại {left}.",
    "Allocated {allocated}, carried over {carried}, available {available}, committed {committed}, disbursed {disbursed}, left {left}.",
  ],
  foresight: ["Dự báo giải ngân đến hạn, nhìn từ ngày {day}", "Disbursement foreseen to the deadline, as seen on {day}"],
  happened: ["Thực tế cả năm: giải ngân {rate} %.", "What happened: {rate} % was disbursed in the whole year."],
  not_committed: ["Chưa có cam kết chi nào được ghi sổ.", "No commitment has been entered in the ledger."],
  seen_on: ["Nhìn từ ngày", "Seen on"],
  foresight_note: [
    "Vùng tô: khoảng tin {percent} %; đường đứt: khả năng nhất. Số rủi ro là vốn có thể bị hủy nếu không giải ngân kịp.",
    "Band: {percent} % range; dashed line: most likely. At risk is what may lapse if it is not disbursed in time.",
  ],
  foresight_at: [
    "Đến {day}: giải ngân khoảng {likely} % ({low}–{high} %)",
    "By {day}: about {likely} % disbursed ({low}–{high} %)",
  ],
  foresight_past: ["Đến {day}: đã giải ngân {rate} %", "By {day}: {rate} % was disbursed"],
  at_risk: ["Có nguy cơ bị hủy", "At risk of lapsing"],
  at_risk_of: ["{likely} (từ {low} đến {high})", "{likely} (from {low} to {high})"],
  slowest: ["Đơn vị chậm nhất trước", "Slowest units first"],
  expected: ["Dự kiến %", "Expected %"],
  held_here: ["{unit} (trực tiếp)", "{unit} (held directly)"],
  no_money_of_year: ["Chưa có vốn nào được ghi sổ cho năm {year}.", "No money of {year} has been entered in the ledger."],
  nothing_running: ["Năm này không còn vốn đang chạy.", "No money of this year is running."],
  series: ["Qua các năm", "Over time"],
  break_line: ["đổi chuẩn hoặc địa giới", "other standard or other land"],
  target: ["chỉ tiêu giao", "target"],
  part_away: ["{program}: chưa đọc được, các bảng dưới đây thiếu phần này.", "{program}: could not be read, and is missing below."],
  place_unknown: ["chưa biết vị trí", "place not known"],
  each_unit: ["Từng đơn vị, cùng thang đo", "Each unit, on the same scale"],
  each_unit_none: ["Chưa có số theo từng đơn vị trong các năm này.", "No unit has a value of its own in these years."],
  other_unit: ["Từ {period}: số của {unit}", "From {period}: figures of {unit}"],
  one_year: ["Mới có số của một kỳ; đường sẽ vẽ khi có thêm.", "Only one period has a value yet; a line needs more."],
  no_series: ["Chưa có số nào trong các năm này.", "There is no value in these years."],
  late: ["Ai chậm báo cáo", "Who is late"],
  late_summary: [
    "{reported}/{expected} báo cáo đã nhận, {accepted} đã duyệt, {overdue} quá hạn.",
    "{reported} of {expected} reports received, {accepted} accepted, {overdue} overdue.",
  ],
  late_not_judged: [
    "{count} báo cáo chưa nộp không xét hạn: kỳ trước ngày đơn vị dùng hệ thống, hoặc biểu không có hạn.",
    "{count} reports that were not received are not judged: of a period before their unit used the system, or of a form without a day.",
  ],
  by_program: ["Theo chương trình", "By program"],
  by_unit: ["Theo đơn vị ({count})", "By unit ({count})"],
  by_form: ["Theo biểu ({count})", "By form ({count})"],
  more_forms: ["thêm {count} biểu", "{count} more forms"],
  late_none: ["Không có báo cáo nào quá hạn.", "No report is overdue."],
  form: ["Biểu", "Form"],
  owed: ["Phải nộp", "Owed"],
  received: ["Đã nhận", "Received"],
  nil: ["Không phát sinh", "Nil stated"],
  silent: ["Chưa nộp", "Silent"],
  overdue: ["Quá hạn", "Overdue"],
  late_count: ["Nộp muộn", "Late"],
  due_on: ["Hạn", "Due"],
  next_due: ["Sắp đến hạn ({year})", "Due next ({year})"],
  next_none: ["Không có biểu nào sắp đến hạn.", "No form is due next."],
  unit_count: ["Số đơn vị", "Units"],
  not_judged: ["không xét hạn", "not judged"],
  close: ["Đóng", "Close"],
  definition: ["Định nghĩa", "Definition"],
  legal_basis: ["Căn cứ", "Legal basis"],
  formula: ["Công thức", "Formula"],
  numerator: ["Tử số", "Numerator"],
  denominator: ["Mẫu số", "Denominator"],
  standard: ["Chuẩn", "Standard"],
  version: ["Phiên bản danh mục", "Version of the catalogue"],
  stage: ["Tính chất", "Kind"],
  official: ["chính thức", "official"],
  reports: ["Báo cáo", "Reports"],
  values_count: ["Số giá trị", "Values"],
  received_at: ["Nhận lúc", "Received"],
  accepted_at: ["Duyệt lúc", "Accepted"],
  accepted_by: ["Người duyệt", "Accepted by"],
  receipt: ["Biên nhận", "Receipt"],
  register_rows: ["Các quyết định, sản phẩm đã đếm", "What was counted"],
  more_rows: ["Còn nữa: xem tiếp tại {path}", "There are more: read on at {path}"],
  decision: ["Quyết định", "Decision"],
  decided_on: ["Ngày", "Day"],
  missing_inputs: ["Chưa ai báo cáo: {codes}", "Nobody stated: {codes}"],
  entries: ["Bút toán", "Ledger entries"],
  entries_private: [
    "Bút toán chỉ dành cho người có quyền. Công khai đến đây: số theo chương trình, loại vốn và đơn vị.",
    "Ledger entries are for who may read them. The public gets this far: figures by program, capital and unit.",
  ],
  amount: ["Số tiền", "Amount"],
  kind: ["Loại", "Kind"],
  name: ["Tên", "Name"],
  sheet: ["Phiếu đơn vị", "Sheet of the unit"],
  classification: ["Phân loại vùng dân tộc thiểu số và miền núi", "Classification as an ethnic-minority and mountainous area"],
  region: ["Khu vực {region}", "Region {region}"],
  specially_difficult: ["đặc biệt khó khăn", "specially difficult"],
  poor_district: ["huyện nghèo", "poor district"],
  border_commune: ["xã biên giới", "border commune"],
  in_area: ["thuộc vùng dân tộc thiểu số và miền núi", "in the ethnic-minority and mountainous area"],
  villages_in_difficulty: ["{count} thôn đặc biệt khó khăn", "{count} specially difficult villages"],
  not_classified: ["không thuộc diện phân loại", "not classified"],
  recognition: ["Công nhận nông thôn mới", "Recognition as new rural"],
  recognized_below: ["Thôn và đơn vị bên dưới được công nhận:", "Villages and units below that are recognized:"],
  revoked: ["đã thu hồi", "revoked"],
  not_recognized: ["chưa được công nhận", "not recognized"],
  meets: ["đạt chuẩn", "meets the criteria"],
  advanced: ["nâng cao", "advanced"],
  model: ["kiểu mẫu", "model"],
  recommendations: ["Kiến nghị chưa thực hiện xong", "Open recommendations"],
  none: ["không có", "none"],
  obligations: ["Báo cáo còn nợ", "Reports still owed"],
  owed_now_by: ["{count} báo cáo; {overdue} quá hạn", "{count} reports; {overdue} overdue"],
  owed_by_successor: [
    "Mã {code} nay là {unit}; báo cáo của đơn vị đó không tính cho đơn vị này.",
    "The code {code} now names {unit}; what that unit owes does not count here.",
  ],
  no_money: ["không có vốn giao trực tiếp", "no money of its own"],
  became: ["Từ 01/7/2025 thành: {units}", "Became: {units}"],
  client_id: ["Mã ứng dụng (client id)", "Client id"],
  client_secret: ["Mật khẩu (client secret)", "Client secret"],
  sign_in_note: [
    "Chỉ giữ trong bộ nhớ của trang này; đóng hoặc tải lại trang là hết.",
    "Kept in the memory of this page only; closing or reloading the page forgets it.",
  ],
  sign_in_failed: ["Mã hoặc mật khẩu không đúng.", "The id or the secret is wrong."],
  sign_in_busy: ["Chưa đăng nhập được; hãy thử lại.", "Could not sign in; try again."],
  mine: ["Việc của {client}", "Work of {client}"],
  queue: ["Chờ duyệt", "To review"],
  queue_empty: ["Không có báo cáo nào chờ duyệt.", "No report waits for review."],
  own_reports: ["Báo cáo của đơn vị", "Reports of the unit"],
  returned_why: ["Bị trả lại, vì sao", "Returned, and why"],
  own_empty: ["Chưa có báo cáo nào.", "There are no reports yet."],
  state: ["Trạng thái", "State"],
  submitted: ["chờ duyệt", "submitted"],
  returned: ["bị trả lại", "returned"],
  superseded: ["đã thay thế", "superseded"],
  withdrawn: ["đã rút", "withdrawn"],
  reason: ["Lý do", "Reason"],
  reason_for: ["Lý do trả lại báo cáo của {unit}", "Reason to return the report of {unit}"],
  reason_needed: ["Hãy viết lý do trả lại.", "Write why it is returned."],
  accept: ["Duyệt", "Accept"],
  return_report: ["Trả lại", "Return"],
  done_accept: ["Đã duyệt báo cáo của {unit}.", "The report of {unit} was accepted."],
  done_return: ["Đã trả lại báo cáo của {unit}.", "The report of {unit} was returned."],
  read_report: ["Đọc", "Read"],
  action: ["Việc", "Action"],
  footer: [
    "Mọi số liệu lấy từ API công khai; bấm vào số để xem nguồn gốc.",
    "Every figure comes from the public API; select one to see where it comes from.",
  ],
};

const UNITS_OF_MEASURE = {
  percent: ["%", "%"],
  percentage_points: ["điểm %", "points"],
  "percentage points": ["điểm %", "points"],
  households: ["hộ", "households"],
  persons: ["người", "persons"],
  communes: ["xã", "communes"],
  districts: ["huyện", "districts"],
  villages: ["thôn", "villages"],
  units: ["đơn vị", "units"],
  workers: ["lao động", "workers"],
  children: ["trẻ em", "children"],
  works: ["công trình", "works"],
  documents: ["văn bản", "documents"],
  sessions: ["buổi", "sessions"],
  models: ["mô hình", "models"],
  houses: ["nhà", "houses"],
  deprivations: ["chỉ số thiếu hụt", "deprivations"],
  teams: ["đội", "teams"],
  products: ["sản phẩm", "products"],
  points: ["điểm", "points"],
  criteria: ["tiêu chí", "criteria"],
  met: ["tiêu chí", "criteria"],
  boards: ["ban", "boards"],
  tasks: ["nhiệm vụ", "tasks"],
  stations: ["trạm", "stations"],
  recommendations: ["kiến nghị", "recommendations"],
  inspections: ["đoàn", "inspections"],
  groups: ["nhóm", "groups"],
  events: ["sự kiện", "events"],
  conferences: ["hội nghị", "conferences"],
  committees: ["ban", "committees"],
  classrooms: ["phòng học", "classrooms"],
  schools: ["trường", "schools"],
  projects: ["dự án", "projects"],
  million_vnd_per_person: ["triệu đồng/người", "million đồng a person"],
  million_vnd: ["triệu đồng", "million đồng"],
  items: ["mục", "items"],
  hectares: ["ha", "ha"],
  addresses: ["địa chỉ", "addresses"],
  vnd: ["đồng", "đồng"],
};

const FUNDING_FIGURES = {
  disbursement_rate: ["Tỷ lệ giải ngân", "Disbursement rate"],
};

// What stands before the name of a unit, longest first.
const KINDS_OF_UNITS = ["Thành phố", "Thị trấn", "Đặc khu", "Thị xã", "Phường", "Huyện", "Quận", "Tỉnh", "Xã"];

const KINDS = {
  council_resolution: ["nghị quyết của HĐND", "council resolution"],
  committee_decision: ["quyết định của UBND", "committee decision"],
  directive: ["chỉ thị", "directive"],
  program: ["chương trình", "programme"],
  plan: ["kế hoạch", "plan"],
  official_letter: ["công văn", "official letter"],
  party_resolution: ["nghị quyết của Đảng", "party resolution"],
  party_directive: ["chỉ thị của Đảng", "party directive"],
  steering_committee: ["Ban Chỉ đạo", "steering committee"],
  working_group: ["Tổ công tác", "working group"],
  opening_balance: ["số dư đầu kỳ", "opening balance"],
  assignment: ["giao vốn", "assignment"],
  allocation: ["phân bổ", "allocation"],
  supplement: ["bổ sung", "supplement"],
  sub_allocation: ["phân bổ chi tiết", "sub-allocation"],
  transfer: ["điều chuyển", "transfer"],
  cancellation: ["hủy dự toán", "cancellation"],
  return: ["trả lại", "return"],
  carry_over: ["chuyển nguồn", "carry-over"],
  commitment: ["cam kết chi", "commitment"],
  disbursement: ["giải ngân", "disbursement"],
  confirmation: ["xác nhận của Kho bạc", "treasury confirmation"],
  recovery: ["thu hồi", "recovery"],
  remittance: ["nộp ngân sách", "remittance"],
  province: ["cấp tỉnh", "province"],
  district: ["cấp huyện", "district"],
  commune: ["cấp xã", "commune"],
};

const LANGUAGES = ["vi", "en"];
const LOCALES = ["vi-VN", "en-GB"];
const BILLION = 1_000_000_000;
const VIETNAM = "Asia/Ho_Chi_Minh";
const MINUTE_S = 60;

let index = 0;

export function setLanguage(language) {
  index = Math.max(0, LANGUAGES.indexOf(language));
  document.documentElement.lang = LANGUAGES[index];
}

export function getOtherLanguage() {
  return LANGUAGES[1 - index];
}

export function translate(key, facts = {}) {
  const words = WORDS[key];
  if (!words) return key;
  return words[index].replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
}

// Returns the word for a kind or a state that a service names; a code without a word is shown as it is.
export function translateKind(code) {
  return KINDS[code]?.[index] ?? (hasWord(code) ? translate(code) : code);
}

export function cutKindOfUnit(name) {
  const kind = KINDS_OF_UNITS.find((word) => name.startsWith(`${word} `));
  return kind ? name.slice(kind.length + 1) : name;
}

export function hasWord(key) {
  return key in WORDS;
}

export function pickLabel(row) {
  return (index ? row.label_en : row.label) ?? row.label ?? row.indicator;
}

// Returns a text that a row has in both languages: `definition` and `definition_en`.
export function pickText(row, name) {
  return (index && row[`${name}_en`]) || row[name];
}

export function pickFormLabel(row) {
  return (index ? row.form_label_en : row.form_label) || row.form;
}

export function translateUnitOfMeasure(code) {
  return (UNITS_OF_MEASURE[code] ?? [code, code])[index];
}

export function getFundingFigures() {
  return Object.entries(FUNDING_FIGURES).map(([code, label]) => ({ code, label: label[index] }));
}

// Rounds once, half away from zero, as Intl does by default.
export function formatNumber(value, decimals = 0) {
  if (value === null || value === undefined) return translate("no_value");
  return new Intl.NumberFormat(LOCALES[index], { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value);
}

export function formatShortest(value, decimals = 2) {
  return new Intl.NumberFormat(LOCALES[index], { maximumFractionDigits: decimals }).format(value);
}

export function formatMoney(amount, exact = false) {
  if (amount === null || amount === undefined) return translate("no_value");
  return exact ? formatNumber(amount) : formatNumber(amount / BILLION, 1);
}

export function formatFigure(figure) {
  if (figure.withheld) return translate("withheld");
  if (figure.reassessment_required) return translate("must_reassess");
  if (figure.value === null || figure.value === undefined) return translate("no_value");
  const number = formatNumber(figure.value, figure.decimals);
  return figure.unit_of_measure === "percent" ? `${number} %` : number;
}

export function formatDay(day) {
  if (!day) return "–";
  const [year, month, date] = day.slice(0, 10).split("-");
  return index ? `${Number(date)} ${new Date(Date.UTC(2000, month - 1, 1)).toLocaleString("en-GB", { month: "short", timeZone: "UTC" })} ${year}`
    : `${date}/${month}/${year}`;
}

export function formatInstant(instant) {
  if (!instant) return "–";
  const options = { timeZone: VIETNAM, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(LOCALES[index], options).format(new Date(instant));
}

export function findDayInVietnam(instant = new Date()) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: VIETNAM }).format(instant);
}

export function findLastDay(period) {
  const year = period.slice(0, 4);
  const part = period.slice(5);
  const month = part.startsWith("S") ? 6 * part[1] : part.startsWith("Q") ? 3 * part[1] : Number(part || 12);
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}

export function formatAge(seconds) {
  const steps = [["seconds", MINUTE_S], ["minutes", 60 * MINUTE_S], ["hours", 48 * 60 * MINUTE_S], ["days", Infinity]];
  const divisors = { seconds: 1, minutes: MINUTE_S, hours: 60 * MINUTE_S, days: 24 * 60 * MINUTE_S };
  const [unit] = steps.find(([, limit]) => seconds < limit);
  return translate(unit, { count: formatNumber(Math.floor(seconds / divisors[unit])) });
}

export function explainProblem(problem) {
  if (problem.code === "unreachable") return translate("unreachable");
  return problem.detail ?? problem.title ?? String(problem.status);
}
