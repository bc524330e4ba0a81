"""What is in here?"""

import streamlit as st

st.title("Data")
