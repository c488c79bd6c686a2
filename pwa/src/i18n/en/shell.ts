export default {
  skip: "Skip to content",
  nav: "Main navigation",
  place: {
    today: "Today",
    households: "Homes",
    collect: "Collect",
    card: "Card",
    me: "Me",
    reviews: "Review",
    parked: "Parked",
    users: "People",
  },
  demoLabel: "Demonstration",
  demo: "Demonstration data: the people and households here are invented",
  update: {
    title: "A new version is ready",
    text: "Updating takes a few seconds; what this phone has not sent yet stays.",
    later: "You can also finish the visit you are writing first.",
    now: "Update now",
    dismiss: "Later",
  },
  notFound: {
    title: "There is no such page",
    text: "The link may be out of date, or it leads to something outside your area.",
    home: "Back to the start",
  },
  crashed: {
    title: "This page failed",
    text: "Everything that was saved is still on this phone. Open the page again to go on.",
    reload: "Open again",
  },
  noPlace: { title: "Nothing for you here", text: "Your role has no tasks in this app." },
  cards: {
    title: "Contact card",
    soon: "Cards are issued with a later version",
    text: "This is where contact cards will be registered, handed out and checked. Until then visit as usual, and write the contact details left with a household into the visit.",
  },
};
