//! Background: invented articles about anything but insurance, so that a gate has something to keep out.

use chrono::Duration;

use super::day::day;
use super::faults::Fault;
use super::outlets::{Cms, Outlet};
use super::pieces::{Piece, path};

/// Articles each outlet adds to the day.
const PER_OUTLET: usize = 4;

const VIETNAMESE: &[(&str, &str)] = &[
    (
        "Đội bóng Sông Mẫu thắng ngược ở phút bù giờ",
        "Bàn thắng ở phút 94 của tiền vệ đội trưởng giúp Sông Mẫu giữ trọn ba điểm trên sân nhà tối qua.",
    ),
    (
        "Vườn cam đầu vụ được giá, nhà vườn Đồi Mẫu phấn khởi",
        "Giá cam tại vườn đầu vụ năm nay nhích thêm hai nghìn đồng mỗi ký so với cùng kỳ, thương lái đặt mua từ sớm.",
    ),
    (
        "Thông xe cầu Ví Dụ 3 sau mười bốn tháng thi công",
        "Cầu Ví Dụ 3 nối hai bờ sông chính thức cho xe lưu thông từ sáng nay, rút ngắn quãng đường gần sáu cây số.",
    ),
    (
        "Lễ hội hoa dã quỳ mở cửa đón khách cuối tuần",
        "Hàng nghìn gốc dã quỳ đang nở rộ trên triền đồi, ban tổ chức bố trí thêm bãi xe và đội hướng dẫn.",
    ),
    (
        "Giá heo hơi giảm nhẹ ở ba tỉnh phía Bắc",
        "Giá heo hơi sáng nay giảm một nghìn đồng mỗi ký ở ba tỉnh, các nơi khác đi ngang.",
    ),
    (
        "Phim về người gác hải đăng ra rạp dịp cuối năm",
        "Đoàn phim mất hai năm quay trên đảo, diễn viên chính phải tập chèo thúng suốt một tháng.",
    ),
    (
        "Học sinh lớp 8 chế máy nhặt rác chạy bằng pin mặt trời",
        "Chiếc máy nặng chưa đầy bốn ký có thể gom rác nổi trên mặt hồ trong ba giờ liền.",
    ),
    (
        "Cháy kho phế liệu lúc rạng sáng, không có người bị thương",
        "Đám cháy bùng lên lúc ba giờ sáng ở một kho phế liệu ven quốc lộ và được dập tắt sau hai giờ.",
    ),
    (
        "Chợ nổi Bến Mẫu chuyển giờ họp để tránh triều cường",
        "Từ tuần này, chợ nổi Bến Mẫu họp muộn hơn một giờ do triều cường dâng cao vào sáng sớm.",
    ),
    (
        "Điện thoại gập đời mới lên kệ, người mua xếp hàng",
        "Mẫu điện thoại gập vừa mở bán sáng nay với ba màu, lô hàng đầu tiên hết trong buổi sáng.",
    ),
    (
        "Cụ rùa biển 40 ký mắc lưới được thả về biển",
        "Ngư dân xã Bãi Ví đã cùng bộ đội biên phòng thả một con rùa biển nặng khoảng bốn mươi ký.",
    ),
    (
        "Tuyến xe buýt điện thứ năm chạy thử từ thứ hai",
        "Tuyến xe buýt điện mới dài mười tám cây số, miễn vé cho hành khách trong hai tuần đầu.",
    ),
    (
        "Món bún riêu vỉa hè ba mươi năm của bà Tư Mẫu",
        "Gánh bún riêu ở đầu hẻm mỗi sáng bán chừng hai trăm tô, nồi nước dùng ninh từ nửa đêm.",
    ),
    (
        "Chứng khoán phiên sáng: cổ phiếu thép dẫn dắt thị trường",
        "Chỉ số tăng hơn chín điểm nhờ lực mua ở nhóm thép, thanh khoản cải thiện so với hôm qua.",
    ),
    (
        "Giải chạy xuyên rừng thông thu hút hai nghìn người",
        "Vận động viên lớn tuổi nhất năm nay 71 tuổi và về đích trong tiếng vỗ tay của cả đoàn.",
    ),
    (
        "Nhà văn trẻ ra mắt tập truyện ngắn về phố cảng",
        "Tập truyện gồm mười hai câu chuyện viết trong ba năm, lấy bối cảnh một khu phố cảng cũ.",
    ),
];

const FURTHER: &[&str] = &[
    "Theo ghi nhận của phóng viên, từ sáng sớm đã có nhiều người đến xem, không khí khá nhộn nhịp. Một số hộ kinh doanh quanh khu vực cho biết lượng khách tăng rõ rệt so với tuần trước.",
    "Đại diện đơn vị liên quan cho biết sẽ tiếp tục theo dõi và thông tin khi có diễn biến mới. Người dân được đề nghị thực hiện theo hướng dẫn tại chỗ.",
    "Đây là lần thứ ba trong năm sự việc tương tự được nhắc đến. Nhiều ý kiến cho rằng cần chuẩn bị kỹ hơn cho mùa sau.",
];

const ENGLISH: &[(&str, &str)] = &[
    (
        "Night market in Bien Mau extends its opening hours",
        "The riverside night market will stay open until one in the morning at weekends, organisers said.",
    ),
    (
        "Young chess player wins regional title in Vi Du",
        "The 12-year-old won seven of nine games and finished half a point ahead of the favourite.",
    ),
    (
        "Coffee growers in Doi Mau report an early harvest",
        "Farmers began picking two weeks earlier than last year after a dry October.",
    ),
    (
        "New ferry links two islands in forty minutes",
        "The catamaran carries 240 passengers and runs three times a day in calm weather.",
    ),
];

const FURTHER_ENGLISH: &str =
    "Visitors and residents welcomed the news. Officials said more details would follow later in the week.";

/// The background of the outlet at `index` in the list; its oldest piece stands before the day begins.
pub(super) fn of_outlet(outlet: &Outlet, index: usize) -> Vec<Piece> {
    let english = outlet.lang() == "en";
    let list = if english { ENGLISH } else { VIETNAMESE };
    (0..PER_OUTLET)
        .map(|k| {
            let (title, lead) = list[(index * 5 + k * 3) % list.len()];
            let further = if english {
                FURTHER_ENGLISH
            } else {
                FURTHER[(index + k) % FURTHER.len()]
            };
            let number = 800 + (index * PER_OUTLET + k) as u32;
            let published_at = day().start + Duration::minutes(6 * 60 * k as i64 + 7 * index as i64 - 120);
            Piece {
                number,
                title: title.into(),
                lead: lead.into(),
                paragraphs: vec![further.into()],
                author: if english { "Staff reporter" } else { "PV" }.into(),
                published_at,
                path: noise_path(outlet, k, path(outlet, title, number, published_at)),
                is_dead: k == 1 && (outlet.has(Fault::DeadToHome) || outlet.has(Fault::SoftNotFound)),
            }
        })
        .collect()
}

/// One outlet keeps its second and third piece of noise in the section its robots.txt disallows.
fn noise_path(outlet: &Outlet, k: usize, path: String) -> String {
    if outlet.has(Fault::DisallowedSection) && outlet.cms != Cms::Sharepoint && (1..3).contains(&k) {
        format!("/giai-tri{path}")
    } else {
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::newsroom::outlets::OUTLETS;

    #[test]
    fn every_outlet_has_background_with_headlines_of_its_own() {
        for (index, outlet) in OUTLETS.iter().enumerate() {
            let pieces = of_outlet(outlet, index);
            let titles: std::collections::BTreeSet<_> = pieces.iter().map(|p| &p.title).collect();
            assert_eq!(titles.len(), PER_OUTLET, "{}", outlet.name);
            assert!(pieces[0].published_at < day().start, "{}", outlet.name);
        }
    }
}
