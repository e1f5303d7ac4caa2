"""The same crawl by Scrapy, tuned: the rival of benches/crawl.rs.

Same hosts, robots.txt obeyed, one request at a time per host, no delay, gzip, the same fields read by CSS and stored in
SQLite. Usage: crawl_scrapy.py ADDRESS HOSTS
"""
import re
import sqlite3
import sys
import tempfile

import scrapy
from scrapy.crawler import CrawlerProcess

ADDRESS, HOSTS = sys.argv[1], int(sys.argv[2])
PORT = ADDRESS.rsplit(":", 1)[1]


class Store:
    def open_spider(self, spider):
        self.db = sqlite3.connect(tempfile.mktemp(suffix=".db"))
        self.db.execute("pragma journal_mode=wal")
        self.db.execute(
            "create table items (url text primary key, title text, summary text, body text, author text, published text)"
        )
        self.n = 0

    def process_item(self, item, spider):
        self.db.execute(
            "insert or ignore into items values (?, ?, ?, ?, ?, ?)",
            (item["url"], item["title"], item["summary"], item["text"], item["author"], item["published"]),
        )
        self.n += 1
        if self.n % 100 == 0:
            self.db.commit()
        return item

    def close_spider(self, spider):
        self.db.commit()
        print(f"scrapy stored {self.n} pages")


class Papers(scrapy.Spider):
    name = "papers"

    async def start(self):
        for n in range(HOSTS):
            yield scrapy.Request(f"http://127.0.1.{n}:{PORT}/rss/home.rss", callback=self.feed)

    def feed(self, response):
        base = response.url.split("/rss/")[0]
        for path in re.findall(r"<link>http://[^/]+(/[^<]+)</link>", response.text):
            yield scrapy.Request(base + path, callback=self.article)

    def article(self, response):
        text = "\n\n".join("".join(p.css("::text").getall()) for p in response.css("[data-role=content] p"))
        yield {
            "url": response.css("link[rel=canonical]::attr(href)").get(),
            "title": response.css("h1.detail-title::text").get(),
            "summary": response.css("h2.detail-sapo::text").get(),
            "text": text,
            "author": response.css(".detail-author::text").get(),
            "published": response.css('meta[property="article:published_time"]::attr(content)').get(),
        }


process = CrawlerProcess(
    {
        "ROBOTSTXT_OBEY": True,
        "CONCURRENT_REQUESTS": 100,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_LEVEL": "ERROR",
        "RETRY_ENABLED": False,
        "ITEM_PIPELINES": {Store: 1},
    }
)
process.crawl(Papers)
process.start()
