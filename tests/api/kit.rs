//! The kit's own promises.

use ruhu_tests::{a_first_survey, a_revisit, a_visit, on_both_databases};

on_both_databases! {
    async fn every_visit_of_the_kit_is_accepted(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let bo = app.supervisor().sign_in().await;
        ana.submits(a_visit()).await.applied();
        let first = ana.submits(a_first_survey()).await.applied();
        assert_eq!(bo.approves(&first).await.ok()["file_rev"], 1);
        ana.submits(a_revisit(&first, 1)).await.applied();
        let moved = ana.submits(a_revisit(&first, 1).moved_to("示例社区88号楼1单元101室")).await.applied();
        let changes = moved.proposal["changes"].as_array().unwrap();
        assert!(changes.iter().any(|change| change["path"] == "residence_address"), "{changes:?}");
    }
}
