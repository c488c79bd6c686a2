export default {
  skip: "跳到正文",
  nav: "主导航",
  place: {
    today: "今日",
    households: "家庭",
    collect: "采集",
    card: "联系卡",
    me: "我的",
    reviews: "审核",
    parked: "待处理",
    users: "人员",
  },
  demoLabel: "演示",
  demo: "演示数据：这里的人和家庭都是虚构的",
  update: {
    title: "有新版本",
    text: "更新只需几秒，本机未送达的内容会保留。",
    later: "正在填写的走访保存后再更新也可以。",
    now: "现在更新",
    dismiss: "稍后",
  },
  notFound: {
    title: "没有这个页面",
    text: "链接可能已经失效，或者这项内容不在您的范围内。",
    home: "回到首页",
  },
  crashed: {
    title: "页面出错了",
    text: "已保存的内容都还在本机。重新打开页面即可继续。",
    reload: "重新打开",
  },
  noPlace: { title: "这里没有您的任务", text: "您的岗位在手机上没有要处理的内容。" },
  cards: {
    title: "联系卡",
    soon: "联系卡将在以后的版本中发放",
    text: "这里以后用来登记、发放和核验联系卡。目前请照常走访，需要留给家庭的联系方式写在走访记录里。",
  },
};
