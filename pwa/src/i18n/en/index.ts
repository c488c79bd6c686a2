import arrivals from "./arrivals";
import auth from "./auth";
import conflicts from "./conflicts";
import households from "./households";
import me from "./me";
import problems from "./problems";
import reviews from "./reviews";
import setup from "./setup";
import shell from "./shell";
import sync from "./sync";
import today from "./today";
import ui from "./ui";
import users from "./users";
import visits from "./visits";

export default { arrivals, auth, conflicts, households, me, problem: problems, reviews, setup, shell, sync, today, ui, users, visits };
