// A family that does not exist, found on the spot: what it answers in a first survey.
import type { Answers } from "./visit";

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/** A county that the code list does not have, so that no number belongs to anybody. */
const NOWHERE = "150699";

/** A number with a right check digit (GB 11643); the last digit of `order` tells the sex, odd for men. */
export function idNo(birthday: string, order: number): string {
  const body = `${NOWHERE}${birthday.replaceAll("-", "")}${String(order).padStart(3, "0")}`;
  const sum = WEIGHTS.reduce((all, weight, at) => all + weight * Number(body[at]), 0);
  return body + "10X98765432"[sum % 11];
}

export const WORKER = "示例乌兰";
export const SON = "示例小满";
export const ADDRESS = "示例小区8号楼2单元501室";

export const worker: Answers = {
  "persons/*/name": WORKER,
  "persons/*/is_worker": "yes",
  "persons/*/relation": "01",
  "persons/*/sex": "2",
  "persons/*/birth_date": "1986-03-12",
  "persons/*/id_type": "rid",
  "persons/*/id_no": idNo("1986-03-12", 42),
  "persons/*/phone": "19900000123",
  "persons/*/counted_in_household": "yes",
  "persons/*/lives_here": "yes",
  "persons/*/ethnicity": "02",
  "persons/*/hukou_type": "resident",
  "persons/*/marital_status": "40",
  "persons/*/political_status": "13",
  "persons/*/model_worker": "none",
  "persons/*/union_member": "yes",
};

export const son: Answers = {
  "persons/*/name": SON,
  "persons/*/is_worker": "no",
  "persons/*/relation": "20",
  "persons/*/sex": "1",
  "persons/*/birth_date": "2012-09-01",
  "persons/*/id_type": "hukou",
  "persons/*/id_missing_reason": "forgot",
  "persons/*/counted_in_household": "yes",
  "persons/*/lives_here": "yes",
  "persons/*/ethnicity": "02",
  "persons/*/hukou_type": "resident",
};

export const workerAtWork: Answers = {
  "persons/*/person_identity": "on_duty",
  "persons/*/work_status": "on_duty",
  "persons/*/health": "good",
  "persons/*/work_capacity": "full",
  "persons/*/employer_name": "示例企业第一公司",
  "persons/*/employer_nature": "private",
  "persons/*/employer_state": "normal",
  "persons/*/industry": "textile",
  "persons/*/work_start_on": "2008-07-01",
  "persons/*/med_ins": "employee",
  "persons/*/med_ins_critical": "yes",
  "persons/*/pension_ins": "employee",
};

export const sonAtSchool: Answers = {
  "persons/*/person_identity": "student",
  "persons/*/school_stage": "junior",
  "persons/*/school_name": "示例中学",
  "persons/*/school_kind": "public",
  "persons/*/enrol_year": "2025",
  "persons/*/school_years": "3",
  "persons/*/tuition_annual": "0",
  "persons/*/health": "minor_illness",
  "persons/*/med_ins": "resident",
};

export const wage: Answers = {
  "income_items/*/category": "wage",
  "income_items/*/person_id": WORKER,
  "income_items/*/amount": "2600",
  "income_items/*/period": "month",
  "income_items/*/verified_by": "stated",
};

export const support: Answers = {
  "income_items/*/category": "support",
  "income_items/*/amount": "400",
  "income_items/*/period": "month",
  "income_items/*/verified_by": "stated",
};

export const medicine: Answers = {
  "expense_items/*/category": "medical_oop",
  "expense_items/*/amount": "300",
  "expense_items/*/period": "month",
};

/** Everything that is asked once. */
export const household: Answers = {
  "visit/outcome": "done",
  "visit/respondent": "self",
  residence_address: ADDRESS,
  "visit/consent_notice": "yes",
  "visit/consent_sensitive": "yes",
  "visit/consent_means": "yes",
  "visit/consent_method": "witnessed_oral",
  "visit/consent_signer": WORKER,
  "visit/consent_witness": "示例见证人",
  "visit/consent_minor": "yes",
  is_single_parent: "yes",
  origin: "new",
  "persons/*/monthly_income": "2600",
  housing_type: "rented",
  floor_area: "420",
  houses_owned: "0",
  rent_monthly: "700",
  dangerous_grade: "unrated",
  housing_aid: "none",
  dibao_status: "not_eligible",
  cause_primary: "C11",
  narrative: "一个人带孩子，工资不高，房租和学习用品都靠这份工资。",
  needs: ["living", "tuition"],
  urgency: "normal",
  is_zero_employment: "no",
  self_rescue_capable: "yes",
  shop_owned: "no",
  business_registered: "no",
  savings_total: "3000",
  investments_net: "0",
  insurance_commercial_value: "0",
  "visit/conclusion": "fits",
  "visit/opinion_text": "家里整洁，情况和本人说的一致，建议建档。",
};
