//! People: the page in Leptos. No arithmetic on voxels, no DICOM.
//!
//! [`runtime`] owns the session, hands it commands and does its effects; the rest shows the view model.

#![allow(unreachable_pub, reason = "the component macro writes public structs for properties")]

mod app;
mod associations;
mod beside;
mod canvases;
mod connection;
mod dialogs;
mod document;
mod double_reading;
mod form;
mod icons;
mod kept;
mod measurements;
mod menus;
mod numbers;
mod opening;
mod own_model;
mod page;
mod panels;
mod panes;
mod picture;
mod processor;
mod regions;
mod remote;
mod report;
mod runtime;
mod screenshots;
mod sending;
mod signing_in;
mod toolbar;
mod transfer;
mod volume_tools;

pub use app::mount;
